#include "crypto/aead.h"

#include <algorithm>
#include <limits>

#include "crypto/openssl.h"
#include "crypto/wipe.h"

namespace shoal::crypto {

namespace {

// OpenSSL counts in int.
constexpr std::size_t kMaxPieceBytes = std::numeric_limits<int>::max();

enum class Direction { open = 0, seal = 1 };

const EVP_CIPHER* fetched(const char* name) {
  const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  SHOAL_CHECK(cipher != nullptr);
  return cipher;
}

const EVP_CIPHER* native_cipher(AeadAlgorithm algorithm) {
  static const EVP_CIPHER* const aes = fetched("AES-128-GCM");
  static const EVP_CIPHER* const chacha = fetched("ChaCha20-Poly1305");
  return algorithm == AeadAlgorithm::aes_128_gcm ? aes : chacha;
}

/// An EVP_CIPHER_CTX, which takes about 1 KiB: one for each thread and algorithm, not for each key.
/// Holds the key of the last call.
class Cipher {
 public:
  explicit Cipher(AeadAlgorithm algorithm) {
    require(context_ && EVP_CipherInit_ex2(context_.get(), native_cipher(algorithm), nullptr,
                                           nullptr, 1, nullptr) == 1,
            "a cipher could not be started");
  }

  static Cipher& of_this_thread(AeadAlgorithm algorithm) {
    thread_local Cipher aes(AeadAlgorithm::aes_128_gcm);
    thread_local Cipher chacha(AeadAlgorithm::chacha20_poly1305);
    return algorithm == AeadAlgorithm::aes_128_gcm ? aes : chacha;
  }

  bool start(const std::uint8_t* key, const Aead::Nonce& nonce, ByteView associated,
             Direction direction) {
    return EVP_CipherInit_ex2(context_.get(), nullptr, key, nonce.data(),
                              static_cast<int>(direction), nullptr) == 1 &&
           (associated.empty() || update(nullptr, associated));
  }

  bool update(std::uint8_t* out, ByteView in) {
    int written = 0;
    return EVP_CipherUpdate(context_.get(), out, &written, in.data(),
                            static_cast<int>(in.size())) == 1;
  }

  bool finish() {
    std::uint8_t nothing[Aead::kTagBytes];
    int written = 0;
    return EVP_CipherFinal_ex(context_.get(), nothing, &written) == 1;
  }

  bool tag(int command, std::uint8_t* bytes) {
    return EVP_CIPHER_CTX_ctrl(context_.get(), command, Aead::kTagBytes, bytes) == 1;
  }

 private:
  CipherContextOwner context_{EVP_CIPHER_CTX_new()};
};

}  // namespace

std::size_t Aead::key_bytes(AeadAlgorithm algorithm) {
  return algorithm == AeadAlgorithm::aes_128_gcm ? 16 : 32;
}

Aead::Aead(AeadAlgorithm algorithm, ByteView key) : algorithm_(algorithm) {
  SHOAL_CHECK(key.size() == key_bytes(algorithm));
  std::ranges::copy(key, key_.begin());
}

Aead::~Aead() {
  wipe(key_);
}

void Aead::seal(const Nonce& nonce, ByteView associated, ByteView plaintext, MutableBytes out) {
  seal(nonce, associated, std::span<const ByteView>(&plaintext, 1), out);
}

void Aead::seal(const Nonce& nonce, ByteView associated, std::span<const ByteView> plaintext,
                MutableBytes out) {
  Cipher& cipher = Cipher::of_this_thread(algorithm_);
  bool sealed = cipher.start(key_.data(), nonce, associated, Direction::seal);
  MutableBytes rest = out;
  for (const auto piece : plaintext) {
    SHOAL_CHECK(piece.size() <= kMaxPieceBytes && piece.size() <= rest.size());
    if (piece.empty()) continue;
    sealed = sealed && cipher.update(rest.data(), piece);
    rest = rest.subspan(piece.size());
  }
  SHOAL_CHECK(rest.size() == kTagBytes);
  sealed = sealed && cipher.finish() && cipher.tag(EVP_CTRL_AEAD_GET_TAG, rest.data());
  require(sealed, "encryption failed");
}

bool Aead::open(const Nonce& nonce, ByteView associated, ByteView sealed, MutableBytes out) {
  if (sealed.size() < kTagBytes) return false;
  SHOAL_CHECK(sealed.size() <= kMaxPieceBytes);
  SHOAL_CHECK(out.size() == sealed.size() - kTagBytes);
  const auto ciphertext = sealed.first(out.size());
  // The context copies the tag, so `out` may lie over `sealed`; OpenSSL does not write to it.
  auto* tag = const_cast<std::uint8_t*>(sealed.data() + ciphertext.size());
  Cipher& cipher = Cipher::of_this_thread(algorithm_);
  const bool authentic = cipher.start(key_.data(), nonce, associated, Direction::open) &&
                         cipher.tag(EVP_CTRL_AEAD_SET_TAG, tag) &&
                         (ciphertext.empty() || cipher.update(out.data(), ciphertext)) &&
                         cipher.finish();
  if (authentic) return true;
  ERR_clear_error();
  wipe(out);
  return false;
}

}  // namespace shoal::crypto
