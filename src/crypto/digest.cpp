#include "crypto/digest.h"

#include <crypto++/blake2.h>
#include <crypto++/keccak.h>

#include "crypto/hash.h"
#include "crypto/openssl.h"

namespace shoal::crypto {

namespace {

using Digest = std::span<std::uint8_t>;

const EVP_MD* fetch(const char* name) {
  const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, name, nullptr);
  SHOAL_CHECK(algorithm != nullptr);
  return algorithm;
}

void hash_by_openssl(const EVP_MD* algorithm, ByteView data, Digest digest) {
  SHOAL_CHECK(digest.size() == static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
  require(EVP_Digest(address(data), data.size(), digest.data(), nullptr, algorithm, nullptr) == 1,
          "hashing failed");
}

void hash_to_any_length(const EVP_MD* algorithm, ByteView data, Digest digest) {
  const DigestContextOwner context(EVP_MD_CTX_new());
  require(context && EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1 &&
              EVP_DigestUpdate(context.get(), address(data), data.size()) == 1 &&
              EVP_DigestFinalXOF(context.get(), digest.data(), digest.size()) == 1,
          "hashing failed");
}

/// OpenSSL 3.0 has neither BLAKE2 with a digest of another length nor Keccak with the padding that
/// it had before FIPS 202.
void hash_by_cryptopp(CryptoPP::HashTransformation&& hash, ByteView data, Digest digest) {
  SHOAL_CHECK(digest.size() == hash.DigestSize());
  hash.CalculateDigest(digest.data(), address(data), data.size());
}

}  // namespace

void compute_digest(DigestFunction function, ByteView data, Digest digest) {
  static const EVP_MD* const sha1 = fetch("SHA1");
  static const EVP_MD* const sha2_224 = fetch("SHA2-224");
  static const EVP_MD* const sha2_384 = fetch("SHA2-384");
  static const EVP_MD* const sha2_512 = fetch("SHA2-512");
  static const EVP_MD* const sha2_512_224 = fetch("SHA2-512/224");
  static const EVP_MD* const sha2_512_256 = fetch("SHA2-512/256");
  static const EVP_MD* const sha3_224 = fetch("SHA3-224");
  static const EVP_MD* const sha3_256 = fetch("SHA3-256");
  static const EVP_MD* const sha3_384 = fetch("SHA3-384");
  static const EVP_MD* const sha3_512 = fetch("SHA3-512");
  static const EVP_MD* const shake_128 = fetch("SHAKE-128");
  static const EVP_MD* const shake_256 = fetch("SHAKE-256");
  switch (function) {
    case DigestFunction::sha1:
      return hash_by_openssl(sha1, data, digest);
    case DigestFunction::sha2_224:
      return hash_by_openssl(sha2_224, data, digest);
    case DigestFunction::sha2_256:
      return hash_by_openssl(sha256_algorithm(), data, digest);
    case DigestFunction::sha2_384:
      return hash_by_openssl(sha2_384, data, digest);
    case DigestFunction::sha2_512:
      return hash_by_openssl(sha2_512, data, digest);
    case DigestFunction::sha2_512_224:
      return hash_by_openssl(sha2_512_224, data, digest);
    case DigestFunction::sha2_512_256:
      return hash_by_openssl(sha2_512_256, data, digest);
    case DigestFunction::sha2_256_twice:
      return hash_by_openssl(sha256_algorithm(), sha256(data), digest);
    case DigestFunction::sha3_224:
      return hash_by_openssl(sha3_224, data, digest);
    case DigestFunction::sha3_256:
      return hash_by_openssl(sha3_256, data, digest);
    case DigestFunction::sha3_384:
      return hash_by_openssl(sha3_384, data, digest);
    case DigestFunction::sha3_512:
      return hash_by_openssl(sha3_512, data, digest);
    case DigestFunction::shake_128:
      return hash_to_any_length(shake_128, data, digest);
    case DigestFunction::shake_256:
      return hash_to_any_length(shake_256, data, digest);
    case DigestFunction::keccak_224:
      return hash_by_cryptopp(CryptoPP::Keccak_224(), data, digest);
    case DigestFunction::keccak_256:
      return hash_by_cryptopp(CryptoPP::Keccak_256(), data, digest);
    case DigestFunction::keccak_384:
      return hash_by_cryptopp(CryptoPP::Keccak_384(), data, digest);
    case DigestFunction::keccak_512:
      return hash_by_cryptopp(CryptoPP::Keccak_512(), data, digest);
    case DigestFunction::blake2b:
      return hash_by_cryptopp(CryptoPP::BLAKE2b(false, static_cast<unsigned>(digest.size())), data,
                              digest);
    case DigestFunction::blake2s:
      return hash_by_cryptopp(CryptoPP::BLAKE2s(false, static_cast<unsigned>(digest.size())), data,
                              digest);
  }
  SHOAL_CHECK(false);
}

}  // namespace shoal::crypto
