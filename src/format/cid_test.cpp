#include "format/cid.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/varint.h"
#include "format/multibase.h"

namespace shoal {
namespace {

constexpr const char* kV0 = "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n";  // the empty folder's
constexpr const char* kV0AsV1 = "bafybeihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

ErrorCode cid_error(std::string_view text) {
  try {
    Cid::parse(text);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

ErrorCode error_of_hex(const std::string& hex) {
  try {
    Cid::decode(from_hex(hex));
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

std::string digest_hex(std::size_t bytes) {
  return to_hex(Bytes(bytes, 0xab));
}

TEST(Cid, reads_and_writes_version_0) {
  const Cid cid = Cid::parse(kV0);
  EXPECT_EQ(cid.version(), 0);
  EXPECT_TRUE(cid.is(Codec::dag_pb));
  EXPECT_EQ(cid.to_string(), kV0);
  EXPECT_EQ(cid.encode().size(), 34U);
  EXPECT_EQ(Cid::decode(cid.encode()), cid);
}

TEST(Cid, reads_and_writes_version_1) {
  const Cid cid = Cid::v1(Codec::dag_pb, Cid::parse(kV0).hash());
  EXPECT_EQ(cid.to_string(), kV0AsV1);
  EXPECT_EQ(Cid::parse(kV0AsV1), cid);
  EXPECT_EQ(Cid::decode(cid.encode()), cid);
  EXPECT_NE(cid, Cid::parse(kV0));
}

TEST(Cid, names_the_empty_block_as_everybody_does) {
  EXPECT_EQ(Cid::v1(Codec::raw, Multihash::sha2_256({})).to_string(),
            "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
}

TEST(Cid, reads_every_multibase) {
  const Cid cid = Cid::parse(kV0AsV1);
  for (const Base base : {Base::base16, Base::base32_upper, Base::base36, Base::base58btc,
                          Base::base64_pad, Base::base64url}) {
    EXPECT_EQ(Cid::parse(encode_multibase(base, cid.encode())), cid);
  }
}

TEST(Cid, takes_one_off_the_front) {
  Bytes bytes = Cid::parse(kV0).encode();
  append(bytes, Cid::parse(kV0AsV1).encode());
  bytes.push_back(7);
  ByteView in = bytes;
  EXPECT_EQ(Cid::take(in).version(), 0);
  EXPECT_EQ(Cid::take(in).version(), 1);
  EXPECT_EQ(in.size(), 1U);
}

TEST(Cid, refuses_version_0_behind_a_multibase_prefix) {
  EXPECT_EQ(cid_error(encode_multibase(Base::base32, Cid::parse(kV0).encode())),
            ErrorCode::malformed);
}

TEST(Cid, refuses_broken_text) {
  for (const char* text :
       {"", "Q", "Qm", "b", "bafy", "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1",
        "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR10"}) {
    EXPECT_THROW(Cid::parse(text), Error) << text;
  }
}

TEST(Cid, B3_refuses_other_versions_and_padded_varints) {
  EXPECT_EQ(error_of_hex("0055"
                         "1220" +
                         digest_hex(32)),
            ErrorCode::malformed);
  EXPECT_EQ(error_of_hex("0255"
                         "1220" +
                         digest_hex(32)),
            ErrorCode::malformed);
  EXPECT_EQ(error_of_hex("8100"
                         "55"
                         "1220" +
                         digest_hex(32)),
            ErrorCode::malformed);
  EXPECT_EQ(error_of_hex("01d500"
                         "1220" +
                         digest_hex(32)),
            ErrorCode::malformed);
  EXPECT_EQ(error_of_hex("0155"
                         "1220" +
                         digest_hex(32) + "00"),
            ErrorCode::malformed);
}

TEST(Cid, B12_wants_digests_as_long_as_their_function_makes_them) {
  EXPECT_NO_THROW(Cid::decode(from_hex("01551220" + digest_hex(32))));
  EXPECT_EQ(error_of_hex("0155121f" + digest_hex(31)), ErrorCode::malformed);
  EXPECT_EQ(error_of_hex("01551221" + digest_hex(33)), ErrorCode::malformed);
  EXPECT_EQ(error_of_hex("01551113" + digest_hex(19)), ErrorCode::malformed);
  EXPECT_EQ(error_of_hex("0155133f" + digest_hex(63)), ErrorCode::malformed);
  EXPECT_NO_THROW(
      Cid::decode(from_hex("0155"
                           "1e14" +
                           digest_hex(20))));
  EXPECT_EQ(error_of_hex("0155"
                         "1e13" +
                         digest_hex(19)),
            ErrorCode::malformed);
}

TEST(Cid, holds_identity_content_up_to_128_bytes) {
  EXPECT_NO_THROW(Cid::decode(from_hex("01550000")));
  EXPECT_NO_THROW(Cid::decode(from_hex("0155008001" + digest_hex(128))));
  EXPECT_EQ(error_of_hex("0155008101" + digest_hex(129)), ErrorCode::limit);
}

TEST(Cid, B12_bounds_what_it_reads) {
  EXPECT_EQ(cid_error("f" + std::string(2 * Cid::kMaxEncodedBytes, '0')), ErrorCode::malformed);
  EXPECT_EQ(cid_error("f" + std::string(2 * Cid::kMaxEncodedBytes + 1, '0')), ErrorCode::limit);
  EXPECT_EQ(error_of_hex(to_hex(Bytes(168))), ErrorCode::malformed);
  EXPECT_EQ(error_of_hex(to_hex(Bytes(169))), ErrorCode::limit);
}

TEST(Cid, carries_links_whose_function_is_unknown_unverified) {
  const Cid cid =
      Cid::decode(from_hex("0155"
                           "1e20" +
                           digest_hex(32)));  // blake3
  EXPECT_EQ(Cid::parse(cid.to_string()), cid);
  EXPECT_FALSE(cid.hash().is_computable());
  EXPECT_THROW(cid.hash().matches({}), Error);
}

TEST(Cid, is_ordered_by_version_then_codec_then_hash) {
  EXPECT_LT(Cid::parse(kV0), Cid::parse(kV0AsV1));
  EXPECT_LT(Cid::v1(Codec::raw, Cid::parse(kV0).hash()), Cid::parse(kV0AsV1));
}

}  // namespace
}  // namespace shoal
