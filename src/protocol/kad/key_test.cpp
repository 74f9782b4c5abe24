#include "protocol/kad/key.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace shoal::kad {
namespace {

Key key_with(std::size_t byte, std::uint8_t value) {
  std::array<std::uint8_t, Key::kBytes> bytes{};
  bytes[byte] = value;
  return Key::at(bytes);
}

TEST(KadKey, is_the_sha256_of_what_is_sent) {
  EXPECT_EQ(to_hex(Key::of(as_bytes("abc")).bytes()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(KadKey, counts_leading_bits_in_common) {
  const Key zero = key_with(0, 0);
  EXPECT_EQ(zero.common_prefix(zero), 256u);
  EXPECT_EQ(zero.common_prefix(key_with(0, 0x80)), 0u);
  EXPECT_EQ(zero.common_prefix(key_with(1, 0x01)), 15u);
  EXPECT_EQ(zero.common_prefix(key_with(31, 0x01)), 255u);
  EXPECT_TRUE(key_with(1, 0x01).bit(15));
  EXPECT_FALSE(key_with(1, 0x01).bit(14));
}

TEST(KadKey, orders_by_xor_distance) {
  const Key target = key_with(0, 0x10);
  EXPECT_TRUE(nearer(target, key_with(0, 0x11), key_with(0, 0x00)));
  EXPECT_FALSE(nearer(target, key_with(0, 0x00), key_with(0, 0x11)));
  EXPECT_FALSE(nearer(target, target, target));
  EXPECT_EQ(target.distance(key_with(0, 0x30)), key_with(0, 0x20));
}

}  // namespace
}  // namespace shoal::kad
