#include "crypto/aead.h"

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

}  // namespace

struct Aead::Native {
  CipherContextOwner context{EVP_CIPHER_CTX_new()};

  Native(AeadAlgorithm algorithm, ByteView key) {
    require(context && EVP_CipherInit_ex2(context.get(), native_cipher(algorithm), key.data(),
                                          nullptr, 1, nullptr) == 1,
            "a cipher could not be started");
  }

  /// Keeps the key of the constructor: only the nonce and the direction are new.
  bool start(const Nonce& nonce, ByteView associated, Direction direction) {
    return EVP_CipherInit_ex2(context.get(), nullptr, nullptr, nonce.data(),
                              static_cast<int>(direction), nullptr) == 1 &&
           (associated.empty() || update(nullptr, associated));
  }

  bool update(std::uint8_t* out, ByteView in) {
    int written = 0;
    return EVP_CipherUpdate(context.get(), out, &written, in.data(), static_cast<int>(in.size())) ==
           1;
  }

  bool finish() {
    std::uint8_t nothing[kTagBytes];
    int written = 0;
    return EVP_CipherFinal_ex(context.get(), nothing, &written) == 1;
  }

  bool tag(int command, std::uint8_t* bytes) {
    return EVP_CIPHER_CTX_ctrl(context.get(), command, kTagBytes, bytes) == 1;
  }
};

std::size_t Aead::key_bytes(AeadAlgorithm algorithm) {
  return algorithm == AeadAlgorithm::aes_128_gcm ? 16 : 32;
}

Aead::Aead(AeadAlgorithm algorithm, ByteView key) {
  SHOAL_CHECK(key.size() == key_bytes(algorithm));
  native_ = std::make_unique<Native>(algorithm, key);
}

Aead::~Aead() = default;
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;

void Aead::seal(const Nonce& nonce, ByteView associated, ByteView plaintext, MutableBytes out) {
  seal(nonce, associated, std::span<const ByteView>(&plaintext, 1), out);
}

void Aead::seal(const Nonce& nonce, ByteView associated, std::span<const ByteView> plaintext,
                MutableBytes out) {
  bool sealed = native_->start(nonce, associated, Direction::seal);
  MutableBytes rest = out;
  for (const auto piece : plaintext) {
    SHOAL_CHECK(piece.size() <= kMaxPieceBytes && piece.size() <= rest.size());
    if (piece.empty()) continue;
    sealed = sealed && native_->update(rest.data(), piece);
    rest = rest.subspan(piece.size());
  }
  SHOAL_CHECK(rest.size() == kTagBytes);
  sealed = sealed && native_->finish() && native_->tag(EVP_CTRL_AEAD_GET_TAG, rest.data());
  require(sealed, "encryption failed");
}

bool Aead::open(const Nonce& nonce, ByteView associated, ByteView sealed, MutableBytes out) {
  if (sealed.size() < kTagBytes) return false;
  SHOAL_CHECK(sealed.size() <= kMaxPieceBytes);
  SHOAL_CHECK(out.size() == sealed.size() - kTagBytes);
  const auto ciphertext = sealed.first(out.size());
  // The context copies the tag, so `out` may lie over `sealed`; OpenSSL does not write to it.
  auto* tag = const_cast<std::uint8_t*>(sealed.data() + ciphertext.size());
  const bool authentic = native_->start(nonce, associated, Direction::open) &&
                         native_->tag(EVP_CTRL_AEAD_SET_TAG, tag) &&
                         (ciphertext.empty() || native_->update(out.data(), ciphertext)) &&
                         native_->finish();
  if (authentic) return true;
  ERR_clear_error();
  wipe(out);
  return false;
}

}  // namespace shoal::crypto
