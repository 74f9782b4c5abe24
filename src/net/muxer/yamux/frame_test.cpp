#include "net/muxer/yamux/frame.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/error.h"

namespace shoal::yamux {
namespace {

FrameHeader decode_hex(std::string_view hex) {
  const Bytes bytes = from_hex(hex);
  return decode(std::span(bytes).first<kHeaderBytes>());
}

ErrorCode error_of(std::string_view hex) {
  try {
    decode_hex(hex);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

TEST(YamuxFrame, puts_every_field_where_the_spec_says) {
  const FrameHeader header{FrameType::window_update, kSyn | kFin, 0x01020304, 0xfffefdfc};
  EXPECT_EQ(to_hex(encode(header)),
            "000100050102"
            "0304fffefdfc");
  EXPECT_EQ(decode_hex("0001000501020304fffefdfc"), header);
}

TEST(YamuxFrame, knows_four_types_and_no_fifth) {
  EXPECT_EQ(decode_hex("000300000000000000000002").type, FrameType::go_away);
  EXPECT_EQ(error_of("000400000000000000000000"), ErrorCode::malformed);
  EXPECT_EQ(error_of("00ff00000000000000000000"), ErrorCode::malformed);
}

TEST(YamuxFrame, refuses_unknown_flags) {
  EXPECT_EQ(decode_hex("0000000f0000000100000000").flags, 15);
  EXPECT_EQ(error_of("000000100000000100000000"), ErrorCode::malformed);
  EXPECT_EQ(error_of("000080000000000100000000"), ErrorCode::malformed);
}

TEST(YamuxFrame, refuses_other_versions) {
  EXPECT_EQ(error_of("010000000000000100000000"), ErrorCode::unsupported);
}

}  // namespace
}  // namespace shoal::yamux
