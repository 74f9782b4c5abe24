#include "format/peer_id.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "format/cid.h"
#include "format/key_codec.h"
#include "format/multibase.h"

namespace shoal {
namespace {

constexpr const char* kEd25519 = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
constexpr const char* kHashed = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";

ErrorCode error_of(std::string_view text) {
  try {
    PeerId::parse(text);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

crypto::PrivateKey test_key(std::uint8_t seed) {
  return crypto::PrivateKey::ed25519_from_seed(Bytes(32, seed));
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
  const crypto::PublicKey key = test_key(1).public_key();
  const PeerId id = PeerId::from_public_key(key);
  EXPECT_EQ(id.public_key(), key);
  EXPECT_TRUE(id.matches(key));
  EXPECT_FALSE(id.matches(test_key(2).public_key()));
  EXPECT_TRUE(id.to_string().starts_with("12D3KooW"));

  const auto ecdsa = crypto::PrivateKey::generate(crypto::KeyType::ecdsa).public_key();
  const PeerId hashed = PeerId::from_public_key(ecdsa);
  EXPECT_EQ(hashed.public_key(), std::nullopt);
  EXPECT_TRUE(hashed.matches(ecdsa));
  EXPECT_TRUE(hashed.to_string().starts_with("Qm"));
}

TEST(PeerId, takes_identities_of_42_bytes_and_refuses_43) {
  EXPECT_NO_THROW(PeerId::decode(Multihash::identity(Bytes(42)).encoded()));
  EXPECT_THROW(PeerId::decode(Multihash::identity(Bytes(43)).encoded()), Error);
  EXPECT_THROW(PeerId::decode(Multihash::identity({}).encoded()), Error);
}

TEST(PeerId, refuses_other_hashes_lengths_and_codecs) {
  EXPECT_THROW(PeerId::decode(Multihash::wrap(HashCode::sha1, Bytes(20)).encoded()), Error);
  EXPECT_THROW(PeerId::decode(Multihash::wrap(HashCode::sha2_512, Bytes(64)).encoded()), Error);
  EXPECT_THROW(PeerId::decode(Multihash::wrap(HashCode::sha2_256, Bytes(31)).encoded()), Error);
  EXPECT_THROW(PeerId::decode({}), Error);
  const Multihash hash = Multihash::sha2_256({});
  EXPECT_EQ(error_of(Cid::v1(Codec::raw, hash).to_string()), ErrorCode::malformed);
  EXPECT_EQ(error_of(Cid::v1(Codec::libp2p_key, hash).to_string()), ErrorCode::failed);
}

TEST(PeerId, refuses_texts_that_are_none) {
  for (const char* text : {"", "1", "11", "Qm", "12D3", "peer", "z", "/p2p/Qm"}) {
    EXPECT_THROW(PeerId::parse(text), Error) << text;
  }
  EXPECT_EQ(error_of(std::string(128, '1')), ErrorCode::malformed);
  EXPECT_EQ(error_of(std::string(129, '1')), ErrorCode::limit);
}

TEST(PeerId, fails_on_a_key_inside_that_is_none_only_when_asked_for_it) {
  const PeerId id = PeerId::decode(Multihash::identity(Bytes(36, 0xff)).encoded());
  EXPECT_THROW(id.public_key(), Error);
}

TEST(PeerId, is_named_by_its_last_six_characters) {
  EXPECT_EQ(PeerId::parse(kEd25519).short_name(), "AJU5SA");
}

TEST(PeerId, hashes_alike_in_every_process) {
  const std::hash<PeerId> hash;
  EXPECT_EQ(hash(PeerId::parse(kEd25519)), hash(PeerId::parse(kEd25519)));
  EXPECT_NE(hash(PeerId::from_public_key(test_key(1).public_key())),
            hash(PeerId::from_public_key(test_key(2).public_key())));
  EXPECT_EQ(hash(PeerId::decode(Multihash::identity(Bytes(8, 1)).encoded())),
            0x0101010101010101U ^ 10U);
}

}  // namespace
}  // namespace shoal
