#include "crypto/keys.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "crypto/hash.h"

namespace shoal::crypto {
namespace {

struct Vector {
  KeyType type;
  Bytes first;
  Bytes second;
};

std::vector<Vector> read_vectors(const std::string& name) {
  std::ifstream file(SHOAL_SOURCE_DIR "/src/crypto/testdata/" + name);
  std::vector<Vector> vectors;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    int type = 0;
    std::string first;
    std::string second;
    words >> type >> first >> second;
    vectors.push_back({static_cast<KeyType>(type), from_hex(first), from_hex(second)});
  }
  return vectors;
}

ErrorCode failure(KeyType type, ByteView data) {
  try {
    PublicKey::decode(type, data);
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "accepted " << to_hex(data);
  return ErrorCode::failed;
}

constexpr KeyType kAllTypes[] = {KeyType::rsa, KeyType::ed25519, KeyType::secp256k1,
                                 KeyType::ecdsa};

PrivateKey example(KeyType type) {
  for (const auto& vector : read_vectors("spec_keys.txt")) {
    if (vector.type == type) return PrivateKey::decode(type, vector.first);
  }
  throw std::logic_error("no such key");
}

TEST(Keys, gives_the_keys_of_the_peer_ids_spec) {
  const auto vectors = read_vectors("spec_keys.txt");
  ASSERT_EQ(vectors.size(), 4);
  for (const auto& [type, private_data, public_data] : vectors) {
    const auto key = PrivateKey::decode(type, private_data);
    EXPECT_EQ(to_hex(key.encode()), to_hex(private_data));
    EXPECT_EQ(to_hex(key.public_key().data()), to_hex(public_data));
    EXPECT_EQ(key.public_key(), PublicKey::decode(type, public_data));
    EXPECT_EQ(key.type(), type);
  }
}

TEST(Keys, verifies_signatures_made_by_go_libp2p) {
  const auto message = as_bytes("Libp2p is the _best_!");
  const auto vectors = read_vectors("go_signatures.txt");
  ASSERT_EQ(vectors.size(), 3);
  for (const auto& [type, public_data, signature] : vectors) {
    const auto key = PublicKey::decode(type, public_data);
    EXPECT_TRUE(key.verify(message, signature)) << static_cast<int>(type);
    EXPECT_FALSE(key.verify(as_bytes("libp2p is the _best_!"), signature));
  }
}

// RFC 8032, section 7.1.
TEST(Ed25519, gives_the_signatures_of_rfc_8032) {
  const struct {
    const char* seed;
    const char* public_key;
    const char* message;
    const char* signature;
  } vectors[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
       "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
       "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
       "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
  };
  for (const auto& vector : vectors) {
    const auto key = PrivateKey::ed25519_from_seed(from_hex(vector.seed));
    const auto message = from_hex(vector.message);
    EXPECT_EQ(to_hex(key.public_key().data()), vector.public_key);
    EXPECT_EQ(to_hex(key.sign(message)), vector.signature);
    EXPECT_TRUE(key.public_key().verify(message, from_hex(vector.signature)));
  }
}

TEST(Keys, signs_and_verifies_with_every_type_of_key) {
  const auto message = as_bytes("a message");
  for (const auto type : kAllTypes) {
    const auto key = example(type);
    for (int i = 0; i < 4; ++i) {
      const auto signature = key.sign(message);
      EXPECT_TRUE(key.public_key().verify(message, signature));
      EXPECT_FALSE(key.public_key().verify(as_bytes("a messagf"), signature));
      EXPECT_FALSE(key.public_key().verify({}, signature));
    }
  }
}

TEST(Keys, generates_keys_that_survive_encoding) {
  for (const auto type : kAllTypes) {
    const auto key = PrivateKey::generate(type);
    const auto again = PrivateKey::decode(type, key.encode());
    EXPECT_EQ(again.public_key(), key.public_key());
    EXPECT_EQ(PublicKey::decode(type, key.public_key().data()), key.public_key());
    EXPECT_TRUE(key.public_key().verify(as_bytes("x"), again.sign(as_bytes("x"))));
  }
}

// A library once took any 64 bytes for a signature (CVE-2019-15545).
TEST(Keys, A3_refuses_signatures_that_are_zero_random_swapped_or_cut) {
  const auto message = as_bytes("a message");
  for (const auto type : kAllTypes) {
    const auto key = example(type);
    const auto& verifier = key.public_key();
    const auto good = key.sign(message);
    Bytes swapped(good.begin() + static_cast<long>(good.size() / 2), good.end());
    append(swapped, ByteView(good).first(good.size() / 2));
    Bytes random;
    while (random.size() < good.size()) append(random, sha256(random));
    random.resize(good.size());

    EXPECT_FALSE(verifier.verify(message, Bytes(good.size())));
    EXPECT_FALSE(verifier.verify(message, Bytes(good.size(), 0xff)));
    EXPECT_FALSE(verifier.verify(message, random));
    EXPECT_FALSE(verifier.verify(message, swapped));
    for (std::size_t size = 0; size < good.size(); ++size) {
      EXPECT_FALSE(verifier.verify(message, ByteView(good).first(size)));
    }
    auto longer = good;
    longer.push_back(0);
    EXPECT_FALSE(verifier.verify(message, longer));
    for (std::size_t i = 0; i < good.size(); ++i) {
      auto changed = good;
      changed[i] ^= 0x10;
      EXPECT_FALSE(verifier.verify(message, changed)) << i;
    }
  }
}

TEST(Keys, A3_refuses_the_signature_of_another_key) {
  const auto message = as_bytes("a message");
  for (const auto type : kAllTypes) {
    const auto other = PrivateKey::generate(type);
    EXPECT_FALSE(example(type).public_key().verify(message, other.sign(message)));
  }
}

TEST(Ed25519, A3_refuses_low_order_signatures_and_keys) {
  const Bytes identity = from_hex("01" + std::string(62, '0'));
  Bytes signature = identity;
  signature.resize(64);  // R is the neutral element, S is 0
  const auto good = PrivateKey::ed25519_from_seed(Bytes(32, 1)).public_key();
  EXPECT_FALSE(good.verify(as_bytes("anything"), signature));

  for (const std::uint8_t sign : Bytes{0x00, 0x80}) {
    auto point = identity;
    point.back() |= sign;
    const auto weak = PublicKey::decode(KeyType::ed25519, point);
    EXPECT_FALSE(weak.verify(as_bytes("anything"), signature));
  }
  const auto zero = PublicKey::decode(KeyType::ed25519, Bytes(32));
  EXPECT_FALSE(zero.verify(as_bytes("anything"), Bytes(64)));
}

// Adding the group order to S gives a second signature for the same message unless S is checked.
TEST(Ed25519, A3_refuses_signatures_with_s_that_is_not_reduced) {
  const auto key = PrivateKey::ed25519_from_seed(Bytes(32, 1));
  auto signature = key.sign(as_bytes("m"));
  const auto order = from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  int carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += signature[32 + i] + order[i];
    signature[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  EXPECT_FALSE(key.public_key().verify(as_bytes("m"), signature));
}

/// The second number of a DER signature of secp256k1, in 32 bytes.
Bytes s_of(ByteView signature) {
  const std::size_t at = 4 + signature[3] + 2;
  ByteView number = signature.subspan(at, signature[at - 1]);
  if (number.size() == 33 && number[0] == 0) number = number.subspan(1);
  Bytes out(32 - number.size());
  append(out, number);
  return out;
}

TEST(Secp256k1, signs_with_the_lower_s) {
  const Bytes half_the_order =
      from_hex("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
  const auto key = example(KeyType::secp256k1);
  for (int i = 0; i < 32; ++i) {
    const auto signature = key.sign(as_bytes("m"));
    EXPECT_LE(s_of(signature), half_the_order) << to_hex(signature);
  }
}

TEST(Ed25519, accepts_the_old_private_form_only_when_its_halves_agree) {
  const auto key = example(KeyType::ed25519);
  auto data = key.encode();
  append(data, key.public_key().data());
  ASSERT_EQ(data.size(), 96);
  EXPECT_EQ(PrivateKey::decode(KeyType::ed25519, data).public_key(), key.public_key());
  for (const std::size_t at : {0UL, 32UL, 64UL}) {
    auto changed = data;
    changed[at] ^= 1;
    EXPECT_THROW(PrivateKey::decode(KeyType::ed25519, changed), Error);
  }
  EXPECT_THROW(PrivateKey::decode(KeyType::ed25519, ByteView(data).first(63)), Error);
}

TEST(Secp256k1, refuses_private_keys_out_of_range) {
  EXPECT_THROW(PrivateKey::decode(KeyType::secp256k1, Bytes(32)), Error);
  EXPECT_THROW(PrivateKey::decode(KeyType::secp256k1, Bytes(32, 0xff)), Error);
  EXPECT_THROW(PrivateKey::decode(KeyType::secp256k1, Bytes(31, 1)), Error);
}

TEST(PublicKey, A13_refuses_every_truncation_and_every_longer_form) {
  for (const auto type : kAllTypes) {
    const auto data = example(type).public_key().data();
    for (std::size_t size = 0; size < data.size(); ++size) {
      EXPECT_EQ(failure(type, ByteView(data).first(size)), ErrorCode::malformed);
    }
    auto longer = data;
    longer.push_back(0);
    EXPECT_EQ(failure(type, longer), ErrorCode::malformed);
  }
}

TEST(PublicKey, never_accepts_two_encodings_as_the_same_key) {
  for (const auto type : kAllTypes) {
    const auto data = example(type).public_key().data();
    const std::size_t headers = std::min<std::size_t>(data.size(), 64);
    for (std::size_t i = 0; i < headers; ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        auto changed = data;
        changed[i] ^= static_cast<std::uint8_t>(1 << bit);
        try {
          EXPECT_EQ(PublicKey::decode(type, changed).data(), changed);
        } catch (const Error&) {
        }
      }
    }
  }
}

TEST(PublicKey, refuses_points_off_the_curve) {
  auto ecdsa = example(KeyType::ecdsa).public_key().data();
  ecdsa.back() ^= 1;
  EXPECT_EQ(failure(KeyType::ecdsa, ecdsa), ErrorCode::malformed);
  Bytes secp256k1(33);
  secp256k1[0] = 2;
  secp256k1[32] = 5;  // x = 5 is not on the curve
  EXPECT_EQ(failure(KeyType::secp256k1, secp256k1), ErrorCode::malformed);
}

TEST(PublicKey, refuses_a_key_of_another_type) {
  EXPECT_EQ(failure(KeyType::rsa, example(KeyType::ecdsa).public_key().data()),
            ErrorCode::malformed);
  EXPECT_EQ(failure(KeyType::ecdsa, example(KeyType::rsa).public_key().data()),
            ErrorCode::malformed);
  EXPECT_EQ(failure(static_cast<KeyType>(4), Bytes(32)), ErrorCode::malformed);
}

TEST(PublicKey, refuses_elliptic_curves_that_it_does_not_know) {
  auto data = example(KeyType::ecdsa).public_key().data();
  data[20] ^= 1;  // within the identifier of the curve
  EXPECT_EQ(failure(KeyType::ecdsa, data), ErrorCode::unsupported);
}

Bytes element(std::uint8_t tag, ByteView content) {
  Bytes der{tag, 0x82, static_cast<std::uint8_t>(content.size() >> 8),
            static_cast<std::uint8_t>(content.size())};
  if (content.size() < 128) der = {tag, static_cast<std::uint8_t>(content.size())};
  if (content.size() >= 128 && content.size() < 256) {
    der = {tag, 0x81, static_cast<std::uint8_t>(content.size())};
  }
  append(der, content);
  return der;
}

Bytes integer(Bytes magnitude) {
  if (magnitude[0] >= 0x80) magnitude.insert(magnitude.begin(), 0);
  return element(0x02, magnitude);
}

/// An odd number of exactly so many bits.
Bytes number(std::size_t bits) {
  Bytes magnitude((bits + 7) / 8, 0x5b);
  magnitude[0] = static_cast<std::uint8_t>(1 << ((bits - 1) % 8));
  magnitude.back() |= 1;
  return magnitude;
}

Bytes rsa_key(const Bytes& modulus, const Bytes& exponent) {
  Bytes numbers = integer(modulus);
  append(numbers, integer(exponent));
  Bytes key{0};
  append(key, element(0x30, numbers));
  Bytes info = from_hex("300d06092a864886f70d0101010500");
  append(info, element(0x03, key));
  return element(0x30, info);
}

// CVE-2023-39533: the cost of a signature check grew with a key that the peer chose.
TEST(Rsa, A1_is_limited_to_2048_to_8192_bits) {
  const Bytes exponent = from_hex("010001");
  EXPECT_EQ(failure(KeyType::rsa, rsa_key(number(2047), exponent)), ErrorCode::limit);
  EXPECT_NO_THROW(PublicKey::decode(KeyType::rsa, rsa_key(number(2048), exponent)));
  EXPECT_NO_THROW(PublicKey::decode(KeyType::rsa, rsa_key(number(8192), exponent)));
  EXPECT_EQ(failure(KeyType::rsa, rsa_key(number(8193), exponent)), ErrorCode::limit);
  EXPECT_EQ(failure(KeyType::rsa, rsa_key(number(65536), exponent)), ErrorCode::limit);
}

TEST(Rsa, A1_is_limited_to_odd_exponents_of_32_bits) {
  const auto modulus = number(2048);
  EXPECT_NO_THROW(PublicKey::decode(KeyType::rsa, rsa_key(modulus, from_hex("03"))));
  EXPECT_NO_THROW(PublicKey::decode(KeyType::rsa, rsa_key(modulus, from_hex("ffffffff"))));
  EXPECT_EQ(failure(KeyType::rsa, rsa_key(modulus, from_hex("0100000001"))), ErrorCode::limit);
  EXPECT_EQ(failure(KeyType::rsa, rsa_key(modulus, number(2048))), ErrorCode::limit);
  EXPECT_EQ(failure(KeyType::rsa, rsa_key(modulus, from_hex("01"))), ErrorCode::malformed);
  EXPECT_EQ(failure(KeyType::rsa, rsa_key(modulus, from_hex("010000"))), ErrorCode::malformed);
}

TEST(Rsa, A1_survives_a_modulus_that_is_no_product_of_two_primes) {
  const auto key = PublicKey::decode(KeyType::rsa, rsa_key(number(2048), from_hex("010001")));
  EXPECT_FALSE(key.verify(as_bytes("m"), Bytes(256, 1)));
}

}  // namespace
}  // namespace shoal::crypto
