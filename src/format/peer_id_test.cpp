#include "format/peer_id.h"

#include <gtest/gtest.h>

#include "base/base_n.h"
#include "base/error.h"
#include "format/cid.h"
#include "format/key_codec.h"
#include "format/key_testing.h"
#include "format/multibase.h"

namespace shoal {
namespace {

constexpr const char* kEd25519 = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
constexpr const char* kHashed = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";

ErrorCode peer_id_error(std::string_view text) {
  try {
    PeerId::parse(text);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

TEST(PeerId, reads_the_examples_of_the_spec) {
  EXPECT_EQ(PeerId::parse(kEd25519).to_string(), kEd25519);
  EXPECT_EQ(PeerId::parse(kHashed).to_string(), kHashed);
  EXPECT_EQ(
      PeerId::parse("bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe").to_string(),
      kHashed);
}

TEST(PeerId, reads_the_forms_of_one_id_as_one) {
  const PeerId id = PeerId::parse("12D3KooWCryG7Mon9orvQxcS1rYZjotPgpwoJNHHKcLLfE4Hf5mV");
  EXPECT_EQ(PeerId::parse("k51qzi5uqu5dhb6l8spkdx7yxafegfkee5by8h7lmjh2ehc2sgg34z7c15vzqs"), id);
  EXPECT_EQ(PeerId::parse("bafzaajaiaejcalj543iwv2d7pkjt7ykvefrkfu7qjfi6sduakhso4lay6abn2d5u"), id);
}

TEST(PeerId, carries_a_short_key_and_hashes_a_long_one) {
  const crypto::PublicKey key = testing::test_key(1).public_key();
  const PeerId id = PeerId::from_public_key(key);
  EXPECT_EQ(id.public_key(), key);
  EXPECT_TRUE(id.matches(key));
  EXPECT_FALSE(id.matches(testing::test_key(2).public_key()));
  EXPECT_TRUE(id.to_string().starts_with("12D3KooW"));

  const auto ecdsa = crypto::PrivateKey::generate(crypto::KeyType::ecdsa).public_key();
  const PeerId hashed = PeerId::from_public_key(ecdsa);
  EXPECT_EQ(hashed.public_key(), std::nullopt);
  EXPECT_TRUE(hashed.matches(ecdsa));
  EXPECT_TRUE(hashed.to_string().starts_with("Qm"));
}

std::string why_not(const std::string& key_hex) {
  try {
    PeerId::decode(Multihash::identity(from_hex(key_hex)).encoded());
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::malformed);
    return error.message();
  }
  return "";
}

TEST(PeerId, refuses_an_identity_hash_of_anything_but_a_key) {
  const std::string bytes(128, '5');
  EXPECT_EQ(why_not("08011220" + bytes.substr(0, 64)), "");
  EXPECT_EQ(why_not("0802122102" + bytes.substr(0, 64)), "");
  EXPECT_EQ(why_not("0802122103" + bytes.substr(0, 64)), "");

  const std::string wrong_length =
      "no public key in the peer id: key of the wrong length for its type";
  EXPECT_EQ(why_not("0801121f" + bytes.substr(0, 62)), wrong_length);
  EXPECT_EQ(why_not("08011221" + bytes.substr(0, 66)), wrong_length);
  EXPECT_EQ(why_not("08021220" + bytes.substr(0, 64)), wrong_length);
  EXPECT_EQ(why_not("0802122104" + bytes.substr(0, 64)), wrong_length);
  EXPECT_EQ(why_not("08001220" + bytes.substr(0, 64)), wrong_length);  // RSA
  EXPECT_EQ(why_not("08031220" + bytes.substr(0, 64)), wrong_length);  // ECDSA
  EXPECT_EQ(why_not("08041220" + bytes.substr(0, 64)),
            "no public key in the peer id: key of an unknown type");
  for (const std::string& other : {std::string(), std::string("0801"), bytes.substr(0, 72),
                                   std::string(84, '0'), "1220" + bytes.substr(0, 64) + "0801"}) {
    EXPECT_TRUE(why_not(other).starts_with("no public key in the peer id: ")) << other;
  }
}

TEST(PeerId, refuses_a_text_that_only_looks_like_an_id) {
  // The identity hash of 36 bytes of text; base58 gives it the beginning of a real id or none.
  const Multihash text = Multihash::identity(as_bytes("a text as long as a key is, it is 36"));
  EXPECT_EQ(peer_id_error(encode_base(Base::base58btc, text.encoded())), ErrorCode::malformed);
  EXPECT_EQ(peer_id_error(Cid::v1(Codec::libp2p_key, text).to_string()), ErrorCode::malformed);
  EXPECT_EQ(peer_id_error("12D3KooWxxxx"), ErrorCode::malformed);
}

TEST(PeerId, refuses_other_hashes_lengths_and_codecs) {
  EXPECT_THROW(PeerId::decode(Multihash::wrap(HashCode::sha1, Bytes(20)).encoded()), Error);
  EXPECT_THROW(PeerId::decode(Multihash::wrap(HashCode::sha2_512, Bytes(64)).encoded()), Error);
  EXPECT_THROW(PeerId::decode(Multihash::wrap(HashCode::sha2_256, Bytes(31)).encoded()), Error);
  EXPECT_THROW(PeerId::decode({}), Error);
  const Multihash hash = Multihash::sha2_256({});
  EXPECT_EQ(peer_id_error(Cid::v1(Codec::raw, hash).to_string()), ErrorCode::malformed);
  EXPECT_EQ(peer_id_error(Cid::v1(Codec::libp2p_key, hash).to_string()), ErrorCode::failed);
}

TEST(PeerId, refuses_texts_that_are_none) {
  for (const char* text : {"", "1", "11", "Qm", "12D3", "peer", "z", "/p2p/Qm"}) {
    EXPECT_THROW(PeerId::parse(text), Error) << text;
  }
  EXPECT_EQ(peer_id_error(std::string(128, '1')), ErrorCode::malformed);
  EXPECT_EQ(peer_id_error(std::string(129, '1')), ErrorCode::limit);
}

TEST(PeerId, fails_on_a_point_off_the_curve_only_when_asked_for_the_key) {
  const Bytes off_curve = from_hex("0802122102" + std::string(64, 'f'));
  const PeerId id = PeerId::decode(Multihash::identity(off_curve).encoded());
  EXPECT_THROW(id.public_key(), Error);
}

TEST(PeerId, is_named_by_its_last_six_characters) {
  EXPECT_EQ(PeerId::parse(kEd25519).short_name(), "AJU5SA");
}

TEST(PeerId, hashes_alike_in_every_process) {
  const std::hash<PeerId> hash;
  EXPECT_EQ(hash(PeerId::parse(kEd25519)), hash(PeerId::parse(kEd25519)));
  EXPECT_NE(hash(PeerId::from_public_key(testing::test_key(1).public_key())),
            hash(PeerId::from_public_key(testing::test_key(2).public_key())));
  const Bytes key = from_hex("08011220" + std::string(64, '1'));
  EXPECT_EQ(hash(PeerId::decode(Multihash::identity(key).encoded())), 0x1111111111111111U ^ 38U);
}

}  // namespace
}  // namespace shoal
