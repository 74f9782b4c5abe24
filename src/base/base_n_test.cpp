#include "base/base_n.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal {
namespace {

constexpr Base kAllBases[] = {Base::base16,       Base::base16_upper, Base::base32,
                              Base::base32_upper, Base::base32_pad,   Base::base32_pad_upper,
                              Base::base36,       Base::base36_upper, Base::base58btc,
                              Base::base64,       Base::base64_pad,   Base::base64url,
                              Base::base64url_pad};

std::string encoded(Base base, std::string_view text) {
  return encode_base(base, as_bytes(text));
}

ErrorCode error_of(Base base, std::string_view text) {
  try {
    decode_base(base, text);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

TEST(BaseN, encodes_the_vectors_of_rfc_4648) {
  EXPECT_EQ(encoded(Base::base64_pad, "f"), "Zg==");
  EXPECT_EQ(encoded(Base::base64_pad, "fo"), "Zm8=");
  EXPECT_EQ(encoded(Base::base64_pad, "foo"), "Zm9v");
  EXPECT_EQ(encoded(Base::base64_pad, "foobar"), "Zm9vYmFy");
  EXPECT_EQ(encoded(Base::base32_pad_upper, "f"), "MY======");
  EXPECT_EQ(encoded(Base::base32_pad_upper, "fo"), "MZXQ====");
  EXPECT_EQ(encoded(Base::base32_pad_upper, "foo"), "MZXW6===");
  EXPECT_EQ(encoded(Base::base32_pad_upper, "foob"), "MZXW6YQ=");
  EXPECT_EQ(encoded(Base::base32_pad_upper, "foobar"), "MZXW6YTBOI======");
  EXPECT_EQ(encoded(Base::base16_upper, "foobar"), "666F6F626172");
}

TEST(BaseN, encodes_the_vectors_of_the_base58_draft) {
  EXPECT_EQ(encoded(Base::base58btc, "Hello World!"), "2NEpo7TZRRrLZSi2U");
  EXPECT_EQ(encoded(Base::base58btc, "The quick brown fox jumps over the lazy dog."),
            "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z");
  EXPECT_EQ(encode_base(Base::base58btc, from_hex("0000287fb4cd")), "11233QC4");
}

TEST(BaseN, round_trips_every_length_in_every_base) {
  for (const Base base : kAllBases) {
    Bytes bytes;
    for (int length = 0; length < 70; ++length) {
      EXPECT_EQ(decode_base(base, encode_base(base, bytes)), bytes);
      bytes.push_back(static_cast<std::uint8_t>(length % 3 == 0 ? 0 : length * 37));
    }
  }
}

TEST(BaseN, keeps_leading_zeros_in_bases_that_are_numbers) {
  const Bytes zeros(5, 0);
  EXPECT_EQ(encode_base(Base::base58btc, zeros), "11111");
  EXPECT_EQ(encode_base(Base::base36, zeros), "00000");
  EXPECT_EQ(decode_base(Base::base58btc, "11111"), zeros);
}

TEST(BaseN, reads_either_case_where_the_base_has_one) {
  EXPECT_EQ(decode_base(Base::base16, "aBCd"), decode_base(Base::base16_upper, "AbcD"));
  EXPECT_EQ(decode_base(Base::base32, "MzXw6"), to_bytes(std::string_view("foo")));
  EXPECT_EQ(decode_base(Base::base36, "2LCpzo5Y"), decode_base(Base::base36_upper, "2lcPZO5y"));
  EXPECT_NE(decode_base(Base::base58btc, "a"), decode_base(Base::base58btc, "A"));
}

TEST(BaseN, refuses_foreign_characters) {
  EXPECT_EQ(error_of(Base::base16, "0g"), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base32, "a1"), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base58btc, "0"), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base58btc, "Il"), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base64, "-_"), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base64url, "+/"), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base36, "\xff"), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base32, std::string_view("\0a", 2)), ErrorCode::malformed);
}

TEST(BaseN, refuses_what_no_encoder_writes) {
  EXPECT_EQ(error_of(Base::base16, "abc"), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base32, "a"), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base32, "mz"), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base64, "Zh"), ErrorCode::malformed);
}

TEST(BaseN, wants_padding_exactly_where_it_belongs) {
  EXPECT_EQ(error_of(Base::base64_pad, "Zg"), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base64_pad, "Zg="), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base64_pad, "Zg======"), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base64_pad, "===="), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base64_pad, "Z==="), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base64_pad, "Z=g="), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base64, "Zg=="), ErrorCode::malformed);
  EXPECT_EQ(error_of(Base::base32_pad, "mzxw6"), ErrorCode::malformed);
}

TEST(BaseN, B15_bounds_the_bases_of_quadratic_cost) {
  for (const Base base : {Base::base36, Base::base36_upper, Base::base58btc}) {
    const std::string longest(kMaxSlowBaseCharacters, '2');
    EXPECT_EQ(encode_base(base, decode_base(base, longest)), longest);
    EXPECT_EQ(error_of(base, longest + "2"), ErrorCode::limit);
    EXPECT_NO_THROW(encode_base(base, Bytes(kMaxSlowBaseBytes, 0xff)));
    EXPECT_THROW(encode_base(base, Bytes(kMaxSlowBaseBytes + 1, 0xff)), Error);
  }
}

}  // namespace
}  // namespace shoal
