#include "format/envelope.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/varint.h"
#include "format/key_codec.h"
#include "format/key_testing.h"

namespace shoal {
namespace {

constexpr std::string_view kDomain = "test domain";
const Bytes kType = {0x03, 0x7f};

Bytes sealed(std::string_view payload) {
  return seal_envelope(testing::test_key(1), kDomain, kType, as_bytes(payload));
}

ErrorCode envelope_error(ByteView bytes, std::string_view domain = kDomain,
                         const Bytes& type = kType) {
  try {
    open_envelope(bytes, domain, type);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

Bytes field(std::uint8_t number, ByteView value) {
  Bytes out = {static_cast<std::uint8_t>(number << 3 | 2)};
  append_varint(out, value.size());
  append(out, value);
  return out;
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) append(out, part);
  return out;
}

TEST(Envelope, opens_what_was_sealed) {
  const Envelope envelope = open_envelope(sealed("hello"), kDomain, kType);
  EXPECT_EQ(envelope.signer, testing::test_key(1).public_key());
  EXPECT_EQ(envelope.payload_type, kType);
  EXPECT_EQ(as_text(envelope.payload), "hello");
  EXPECT_TRUE(open_envelope(sealed(""), kDomain, kType).payload.empty());
}

// Written out by hand from RFC 0002, so that both sides cannot be wrong together.
TEST(Envelope, signs_the_domain_type_and_payload_behind_their_lengths) {
  const Bytes message =
      joined({{11}, to_bytes(kDomain), {2}, kType, {5}, {'h', 'e', 'l', 'l', 'o'}});
  const Bytes key = encode_public_key(testing::test_key(1).public_key());
  const Bytes expected = joined({field(1, key), field(2, kType), field(3, as_bytes("hello")),
                                 field(5, testing::test_key(1).sign(message))});
  EXPECT_EQ(sealed("hello"), expected);
}

TEST(Envelope, refuses_another_domain_or_type) {
  EXPECT_EQ(envelope_error(sealed("hello"), "other domain"), ErrorCode::malformed);
  EXPECT_EQ(envelope_error(sealed("hello"), kDomain, {0x03, 0x01}), ErrorCode::unsupported);
}

TEST(Envelope, A3_refuses_every_change_of_a_byte) {
  const Bytes good = sealed("hello");
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    EXPECT_NE(envelope_error(bad), ErrorCode::failed) << i;
  }
}

TEST(Envelope, refuses_every_truncation) {
  const Bytes good = sealed("hello");
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(envelope_error(ByteView(good).first(size)), ErrorCode::failed) << size;
  }
}

TEST(Envelope, A4_refuses_a_field_twice_or_of_the_wrong_type) {
  const Bytes good = sealed("hello");
  EXPECT_EQ(envelope_error(joined({good, field(3, as_bytes("hello"))})), ErrorCode::malformed);
  EXPECT_EQ(envelope_error(joined({good, field(1, {})})), ErrorCode::malformed);
  EXPECT_EQ(envelope_error(joined({{0x08, 0x01}, good})), ErrorCode::malformed);
}

TEST(Envelope, ignores_fields_that_a_later_version_may_add) {
  EXPECT_EQ(envelope_error(joined({sealed("hello"), field(9, as_bytes("new"))})),
            ErrorCode::failed);
}

TEST(Envelope, B1_takes_64_kib_and_refuses_more) {
  const std::size_t overhead = sealed("").size() + 2;  // a longer length, twice not signed here
  EXPECT_NO_THROW(
      open_envelope(sealed(std::string(Envelope::kMaxBytes - overhead, 'x')), kDomain, kType));
  EXPECT_THROW(sealed(std::string(Envelope::kMaxBytes - overhead + 1, 'x')), Error);
  EXPECT_EQ(envelope_error(Bytes(Envelope::kMaxBytes + 1)), ErrorCode::limit);
}

}  // namespace
}  // namespace shoal
