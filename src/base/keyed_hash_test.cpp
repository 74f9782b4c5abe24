#include "base/keyed_hash.h"

#include <gtest/gtest.h>

#include <string>

namespace shoal {
namespace {

constexpr HashKey kKey{.low = 0x0706050403020100, .high = 0x0f0e0d0c0b0a0908};

std::string counting(std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<char>(i));
  return out;
}

// The paper's own vector, and some of the reference implementation's table.
TEST(KeyedHash, is_siphash) {
  EXPECT_EQ(keyed_hash(counting(15), kKey), 0xa129ca6149be45e5U);
  EXPECT_EQ(keyed_hash(counting(0), kKey), 0x726fdb47dd0e0e31U);
  EXPECT_EQ(keyed_hash(counting(1), kKey), 0x74f839c593dc67fdU);
  EXPECT_EQ(keyed_hash(counting(8), kKey), 0x93f5f5799a932462U);
}

TEST(KeyedHash, tells_texts_and_keys_apart) {
  EXPECT_NE(keyed_hash("a", kKey), keyed_hash("b", kKey));
  EXPECT_NE(keyed_hash("a", {.low = 1}), keyed_hash("a", {.low = 2}));
}

}  // namespace
}  // namespace shoal
