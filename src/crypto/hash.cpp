#include "crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "crypto/openssl.h"

namespace shoal::crypto {

const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  SHOAL_CHECK(algorithm != nullptr);
  return algorithm;
}

namespace {

const EVP_MD* sha512_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA2-512", nullptr);
  SHOAL_CHECK(algorithm != nullptr);
  return algorithm;
}

template <class Digest>
Digest digest_of(ByteView data, const EVP_MD* algorithm) {
  // Making a context costs more than a hash of a few bytes, as those of peer ids are.
  thread_local const DigestContextOwner context(EVP_MD_CTX_new());
  Digest digest;
  require(context && EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1 &&
              EVP_DigestUpdate(context.get(), address(data), data.size()) == 1 &&
              EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1,
          "hashing failed");
  return digest;
}

}  // namespace

Sha256Digest sha256(ByteView data) {
  return digest_of<Sha256Digest>(data, sha256_algorithm());
}

Sha512Digest sha512(ByteView data) {
  return digest_of<Sha512Digest>(data, sha512_algorithm());
}

struct Sha256::State {
  DigestContextOwner context{EVP_MD_CTX_new()};

  void start() {
    require(context && EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr) == 1,
            "SHA-256 could not be started");
  }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  state_->start();
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView data) {
  require(EVP_DigestUpdate(state_->context.get(), address(data), data.size()) == 1,
          "SHA-256 failed");
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest;
  require(EVP_DigestFinal_ex(state_->context.get(), digest.data(), nullptr) == 1, "SHA-256 failed");
  state_->start();
  return digest;
}

Sha256Digest hmac_sha256(ByteView key, ByteView message) {
  Sha256Digest digest;
  require(HMAC(sha256_algorithm(), address(key), static_cast<int>(key.size()), address(message),
               message.size(), digest.data(), nullptr) != nullptr,
          "HMAC-SHA256 failed");
  return digest;
}

bool equal_secret(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(address(a), address(b), a.size()) == 0;
}

}  // namespace shoal::crypto
