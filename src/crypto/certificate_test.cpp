#include "crypto/certificate.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <fstream>
#include <map>
#include <vector>

#include "base/error.h"
#include "crypto/hash.h"
#include "crypto/openssl.h"

namespace shoal::crypto {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;

/// The same bytes in every run: a hash of a counter.
RandomFill counting_random(std::uint8_t seed) {
  return [seed, count = std::uint8_t{0}](MutableBytes out) mutable {
    while (!out.empty()) {
      const Sha256Digest block = sha256(Bytes{seed, count++});
      const std::size_t size = std::min(out.size(), block.size());
      std::copy_n(block.begin(), size, out.begin());
      out = out.subspan(size);
    }
  };
}

PrivateKey identity() {
  return PrivateKey::ed25519_from_seed(Bytes(32, 1));
}

CertificateKey certificate_key() {
  return CertificateKey::generate(counting_random(1));
}

const Bytes kEncodedIdentity = to_bytes("stands for the encoded key");

CertificateExtension signed_key_extension(bool critical = false) {
  return {kSignedKeyIdentifier, critical, encode_signed_key({to_bytes("key"), to_bytes("sig")})};
}

Bytes certified(const std::vector<CertificateExtension>& extensions,
                CertificateValidity validity = {}) {
  return certificate_key().certify(counting_random(2), extensions, validity);
}

ErrorCode read_failure(ByteView der, std::int64_t now = kNow) {
  try {
    read_certificate(der, now);
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "accepted " << to_hex(der);
  return ErrorCode::failed;
}

std::map<std::string, Bytes> spec_certificates() {
  std::ifstream file(SHOAL_SOURCE_DIR "/src/crypto/testdata/spec_certificates.txt");
  std::map<std::string, Bytes> out;
  for (std::string name, hex; file >> name >> hex;) out[name] = from_hex(hex);
  EXPECT_EQ(out.size(), 4U);
  return out;
}

TEST(Certificate, proves_the_identity_it_was_made_for) {
  const CertificateKey key = certificate_key();
  const Bytes der = make_certificate(key, identity(), kEncodedIdentity, counting_random(2));
  const CertificateClaim claim = read_certificate(der, kNow);
  EXPECT_EQ(claim.signed_key.public_key, kEncodedIdentity);
  EXPECT_EQ(claim.to_sign, to_sign_for_certificate(key.public_key_info()));
  EXPECT_TRUE(identity().public_key().verify(claim.to_sign, claim.signed_key.signature));
}

TEST(Certificate, is_the_same_for_the_same_randomness) {
  EXPECT_EQ(certified({signed_key_extension()}), certified({signed_key_extension()}));
  EXPECT_NE(certificate_key().public_key_info(),
            CertificateKey::generate(counting_random(9)).public_key_info());
}

TEST(Certificate, reads_the_certificates_of_the_spec) {
  for (const auto& [name, der] : spec_certificates()) {
    const CertificateClaim claim = read_certificate(der, kNow);
    EXPECT_FALSE(claim.signed_key.signature.empty()) << name;
    EXPECT_EQ(as_text(ByteView(claim.to_sign).first(21)), "libp2p-tls-handshake:");
  }
}

TEST(Certificate, accepts_the_extension_marked_critical) {
  EXPECT_NO_THROW(read_certificate(certified({signed_key_extension(true)}), kNow));
}

TEST(Certificate, ignores_other_extensions_unless_critical) {
  const Bytes value = from_hex("0500");
  EXPECT_NO_THROW(
      read_certificate(certified({{"1.2.3.4", false, value}, signed_key_extension()}), kNow));
  EXPECT_EQ(read_failure(certified({{"1.2.3.4", true, value}, signed_key_extension()})),
            ErrorCode::malformed);
}

TEST(Certificate, has_the_extension_exactly_once) {
  EXPECT_EQ(read_failure(certified({})), ErrorCode::malformed);
  EXPECT_EQ(read_failure(certified({signed_key_extension(), signed_key_extension()})),
            ErrorCode::malformed);
}

TEST(Certificate, is_valid_from_its_first_to_its_last_second) {
  const Bytes der =
      certified({signed_key_extension()}, {.not_before = kNow, .not_after = kNow + 9});
  EXPECT_EQ(read_failure(der, kNow - 1), ErrorCode::malformed);
  EXPECT_NO_THROW(read_certificate(der, kNow));
  EXPECT_NO_THROW(read_certificate(der, kNow + 8));
  EXPECT_EQ(read_failure(der, kNow + 10), ErrorCode::malformed);
}

TEST(Certificate, refuses_a_changed_byte_anywhere) {
  const Bytes whole = certified({signed_key_extension()});
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Bytes changed = whole;
    changed[at] ^= 1;
    EXPECT_THROW(read_certificate(changed, kNow), Error) << "at byte " << at;
  }
}

TEST(Certificate, refuses_every_truncation_and_bytes_behind) {
  Bytes der = certified({signed_key_extension()});
  for (std::size_t size = 0; size < der.size(); ++size) {
    EXPECT_EQ(read_failure(ByteView(der).first(size)), ErrorCode::malformed);
  }
  der.push_back(0);
  EXPECT_EQ(read_failure(der), ErrorCode::malformed);
}

TEST(Certificate, is_at_most_8192_bytes_long) {
  const auto with_padding = [](std::size_t bytes) {
    return certified({{"1.2.3.4", false, Bytes(bytes)}, signed_key_extension()});
  };
  const std::size_t rest = with_padding(7000).size() - 7000;
  // The length of a signature differs by a few bytes.
  EXPECT_NO_THROW(read_certificate(with_padding(kMaxCertificateBytes - rest - 8), kNow));
  EXPECT_EQ(read_failure(with_padding(kMaxCertificateBytes - rest + 8)), ErrorCode::limit);
}

/// A certificate of any kind of key, signed by `signer`.
Bytes certified_by(EVP_PKEY* key, EVP_PKEY* signer, const EVP_MD* digest) {
  const Bytes honest = certified({signed_key_extension()});
  const std::uint8_t* at = honest.data();
  const std::unique_ptr<X509, Freed<X509_free>> made(
      d2i_X509(nullptr, &at, static_cast<long>(honest.size())));
  EXPECT_EQ(X509_set_pubkey(made.get(), key), 1);
  EXPECT_GT(X509_sign(made.get(), signer, digest), 0);
  Bytes out(static_cast<std::size_t>(i2d_X509(made.get(), nullptr)));
  std::uint8_t* into = out.data();
  i2d_X509(made.get(), &into);
  return out;
}

TEST(Certificate, takes_keys_that_are_strong_and_known) {
  const KeyOwner rsa(EVP_RSA_gen(2048));
  const KeyOwner ed25519(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const KeyOwner p384(EVP_EC_gen("P-384"));
  EXPECT_NO_THROW(read_certificate(certified_by(rsa.get(), rsa.get(), EVP_sha256()), kNow));
  EXPECT_NO_THROW(read_certificate(certified_by(ed25519.get(), ed25519.get(), nullptr), kNow));
  EXPECT_NO_THROW(read_certificate(certified_by(p384.get(), p384.get(), EVP_sha384()), kNow));
  const KeyOwner weak(EVP_RSA_gen(1024));
  EXPECT_EQ(read_failure(certified_by(weak.get(), weak.get(), EVP_sha256())), ErrorCode::limit);
  const KeyOwner foreign(EVP_EC_gen("secp256k1"));
  EXPECT_EQ(read_failure(certified_by(foreign.get(), foreign.get(), EVP_sha256())),
            ErrorCode::unsupported);
}

TEST(Certificate, refuses_an_rsa_key_over_8192_bits_before_arithmetic_on_it) {
  std::uint8_t modulus[1025];
  std::fill(std::begin(modulus), std::end(modulus), std::uint8_t{0xff});
  const KeyOwner p256(EVP_EC_gen("P-256"));
  RSA* numbers = RSA_new();
  RSA_set0_key(numbers, BN_bin2bn(modulus, sizeof(modulus), nullptr),
               BN_bin2bn(modulus, 3, nullptr), nullptr);
  const KeyOwner huge(EVP_PKEY_new());
  EVP_PKEY_assign_RSA(huge.get(), numbers);
  EXPECT_EQ(read_failure(certified_by(huge.get(), p256.get(), EVP_sha256())), ErrorCode::limit);
}

TEST(Certificate, is_signed_by_its_own_key_with_a_strong_hash) {
  const KeyOwner own(EVP_EC_gen("P-256"));
  const KeyOwner other(EVP_EC_gen("P-256"));
  EXPECT_EQ(read_failure(certified_by(own.get(), other.get(), EVP_sha256())), ErrorCode::malformed);
  EXPECT_EQ(read_failure(certified_by(own.get(), own.get(), EVP_sha1())), ErrorCode::unsupported);
}

TEST(Certificate, refuses_an_empty_or_broken_bit_string_for_its_signature) {
  const Bytes whole = certified({signed_key_extension()});
  std::size_t signature = whole.size() - 1;
  while (whole[signature] != 0x03 || signature + 2 + whole[signature + 1] != whole.size()) {
    --signature;
  }
  for (const char* broken : {"0300", "030100", "030107", "03020700", "0380"}) {
    Bytes der(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(signature));
    append(der, from_hex(broken));
    der[2] = static_cast<std::uint8_t>((der.size() - 4) >> 8);
    der[3] = static_cast<std::uint8_t>(der.size() - 4);
    EXPECT_THROW(read_certificate(der, kNow), Error) << broken;
  }
}

TEST(SignedKey, has_one_encoding) {
  const SignedKey key{Bytes(36, 7), Bytes(300, 8)};
  const Bytes der = encode_signed_key(key);
  EXPECT_EQ(to_hex(ByteView(der).first(6)), "308201560424");
  EXPECT_EQ(decode_signed_key(der), key);
}

TEST(SignedKey, refuses_empty_bit_strings_and_what_is_missing_or_too_much) {
  for (const char* hex : {"", "3000", "30020400", "3004030004 00", "300403000400", "300404000300",
                          "30040400040000", "3006040004000400", "308004000400", "3103040004"}) {
    std::string text(hex);
    std::erase(text, ' ');
    EXPECT_THROW(decode_signed_key(from_hex(text)), Error) << hex;
  }
}

TEST(GivenRandom, fails_outside_of_a_scope_and_with_a_source_that_fails) {
  const RandomFill broken = [](MutableBytes) { throw Error(ErrorCode::failed, "no randomness"); };
  EXPECT_THROW(CertificateKey::generate(broken), Error);
}

}  // namespace
}  // namespace shoal::crypto
