#include "crypto/hash.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "crypto/openssl.h"
#include "crypto/wipe.h"

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
Digest digest_of(std::span<const ByteView> pieces, const EVP_MD* algorithm) {
  // Making a context costs more than a hash of a few bytes, as those of peer ids are.
  thread_local const DigestContextOwner context(EVP_MD_CTX_new());
  Digest digest;
  bool hashed = context && EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1;
  for (const ByteView piece : pieces) {
    hashed = hashed && EVP_DigestUpdate(context.get(), address(piece), piece.size()) == 1;
  }
  hashed = hashed && EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
  require(hashed, "hashing failed");
  return digest;
}

constexpr std::size_t kSha256BlockBytes = 64;
constexpr std::uint8_t kInnerPad = 0x36;
constexpr std::uint8_t kOuterPad = 0x5c;

}  // namespace

Sha256Digest sha256(ByteView data) {
  return sha256_of(std::span(&data, 1));
}

Sha256Digest sha256_of(std::span<const ByteView> pieces) {
  return digest_of<Sha256Digest>(pieces, sha256_algorithm());
}

Sha512Digest sha512(ByteView data) {
  return digest_of<Sha512Digest>(std::span(&data, 1), sha512_algorithm());
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

/// By hand: OpenSSL's HMAC makes three contexts for each message, which takes several times as long
/// as hashing a short one.
Sha256Digest hmac_sha256(ByteView key, ByteView message) {
  std::array<std::uint8_t, kSha256BlockBytes> block{};
  if (key.size() > block.size()) {
    std::ranges::copy(sha256(key), block.begin());
  } else {
    std::ranges::copy(key, block.begin());
  }
  for (std::uint8_t& byte : block) byte ^= kInnerPad;
  Sha256Digest inner = sha256_of(std::array<ByteView, 2>{block, message});
  for (std::uint8_t& byte : block) byte ^= kInnerPad ^ kOuterPad;
  const Sha256Digest digest = sha256_of(std::array<ByteView, 2>{block, inner});
  wipe(block);
  wipe(inner);
  return digest;
}

bool equal_secret(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(address(a), address(b), a.size()) == 0;
}

}  // namespace shoal::crypto
