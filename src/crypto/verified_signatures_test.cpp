#include "crypto/verified_signatures.h"

#include <gtest/gtest.h>

#include <string>

#include "crypto/keys.h"

namespace shoal::crypto {
namespace {

Sha256Digest numbered(std::size_t number) {
  return sha256(as_bytes(std::to_string(number)));
}

TEST(VerifiedSignatures, name_differs_with_each_part_and_where_it_ends) {
  const Bytes ab = to_bytes(as_bytes("ab"));
  const Bytes b = to_bytes(as_bytes("b"));
  const Bytes abb = to_bytes(as_bytes("abb"));
  const auto name = VerifiedSignatures::name_of(1, ab, b, ab);
  EXPECT_EQ(name, VerifiedSignatures::name_of(1, ab, b, ab));
  EXPECT_NE(name, VerifiedSignatures::name_of(2, ab, b, ab));
  EXPECT_NE(name, VerifiedSignatures::name_of(1, abb, b, ab));
  EXPECT_NE(name, VerifiedSignatures::name_of(1, ab, abb, ab));
  EXPECT_NE(name, VerifiedSignatures::name_of(1, ab, b, abb));
  EXPECT_NE(VerifiedSignatures::name_of(1, abb, b, ab),
            VerifiedSignatures::name_of(1, ab, ab, abb));
}

TEST(VerifiedSignatures, forgets_the_older_generation_at_its_bound) {
  constexpr std::size_t kMost = VerifiedSignatures::kMaxInGeneration;
  VerifiedSignatures signatures;
  for (std::size_t i = 0; i < 2 * kMost; ++i) signatures.add(numbered(i));
  EXPECT_EQ(signatures.size(), 2 * kMost);
  EXPECT_TRUE(signatures.contains(numbered(0)));
  signatures.add(numbered(2 * kMost));
  EXPECT_EQ(signatures.size(), kMost + 1);
  EXPECT_FALSE(signatures.contains(numbered(0)));
  EXPECT_TRUE(signatures.contains(numbered(kMost)));
}

TEST(VerifiedSignatures, a_valid_signature_makes_no_other_one_valid) {
  const Bytes seed(32, 7);
  const PrivateKey key = PrivateKey::ed25519_from_seed(seed);
  const PrivateKey other = PrivateKey::ed25519_from_seed(Bytes(32, 8));
  const Bytes message = to_bytes(as_bytes("a message"));
  const Bytes signature = key.sign(message);
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(key.public_key().verify(message, signature));
    Bytes changed = signature;
    changed[40] ^= 1;
    EXPECT_FALSE(key.public_key().verify(message, changed));
    EXPECT_FALSE(key.public_key().verify(as_bytes("another"), signature));
    EXPECT_FALSE(other.public_key().verify(message, signature));
    EXPECT_FALSE(key.public_key().verify(message, ByteView(signature).first(63)));
  }
}

}  // namespace
}  // namespace shoal::crypto
