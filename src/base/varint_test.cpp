#include "base/varint.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal {
namespace {

Bytes encoded(std::uint64_t value) {
  Bytes out;
  append_varint(out, value);
  return out;
}

ErrorCode error_of(const Bytes& bytes) {
  ByteView in = bytes;
  try {
    take_varint(in);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

TEST(Varint, encodes_the_vectors_of_the_spec) {
  EXPECT_EQ(to_hex(encoded(0)), "00");
  EXPECT_EQ(to_hex(encoded(1)), "01");
  EXPECT_EQ(to_hex(encoded(127)), "7f");
  EXPECT_EQ(to_hex(encoded(128)), "8001");
  EXPECT_EQ(to_hex(encoded(255)), "ff01");
  EXPECT_EQ(to_hex(encoded(300)), "ac02");
  EXPECT_EQ(to_hex(encoded(16384)), "808001");
}

TEST(Varint, round_trips_at_the_edge_of_every_length) {
  for (std::size_t bits = 0; bits <= 63; ++bits) {
    for (const int step : {-1, 0, 1}) {
      const std::uint64_t value = (std::uint64_t{1} << bits) + static_cast<std::uint64_t>(step);
      if (value > kMaxVarint) continue;
      const Bytes bytes = encoded(value);
      EXPECT_EQ(bytes.size(), varint_size(value));
      ByteView in = bytes;
      EXPECT_EQ(take_whole_varint(in), value);
      EXPECT_TRUE(in.empty());
    }
  }
}

TEST(Varint, B3_takes_nine_bytes_and_refuses_ten) {
  EXPECT_EQ(encoded(kMaxVarint).size(), kMaxVarintBytes);
  EXPECT_EQ(error_of(from_hex("80808080808080808001")), ErrorCode::malformed);
  EXPECT_EQ(error_of(from_hex("ffffffffffffffffff01")), ErrorCode::malformed);
  EXPECT_EQ(error_of(from_hex("ffffffffffffffffff")), ErrorCode::malformed);
  EXPECT_EQ(error_of(from_hex("ffffffffffffffffffffffffffff")), ErrorCode::malformed);
}

TEST(Varint, B3_refuses_encodings_that_are_not_the_shortest) {
  EXPECT_EQ(error_of(from_hex("8000")), ErrorCode::malformed);
  EXPECT_EQ(error_of(from_hex("8100")), ErrorCode::malformed);
  EXPECT_EQ(error_of(from_hex("ffffffffffffffff00")), ErrorCode::malformed);
}

TEST(Varint, B3_leaves_an_incomplete_one_for_later) {
  const Bytes bytes = from_hex("ffffffffffffffff");
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    ByteView in = ByteView(bytes).first(length);
    EXPECT_EQ(take_varint(in), std::nullopt);
    EXPECT_EQ(in.size(), length);
    EXPECT_THROW(take_whole_varint(in), Error);
  }
}

TEST(Varint, takes_no_more_than_its_own_bytes) {
  const Bytes bytes = from_hex("ac02ff");
  ByteView in = bytes;
  EXPECT_EQ(take_varint(in), 300U);
  EXPECT_EQ(to_hex(in), "ff");
}

}  // namespace
}  // namespace shoal
