#include "crypto/aead.h"

#include <limits>

#include "crypto/openssl.h"
#include "crypto/wipe.h"

namespace shoal::crypto {

namespace {

// OpenSSL counts in int.
constexpr std::size_t kMaxPieceBytes = std::numeric_limits<int>::max();

enum class Direction { open = 0, seal = 1 };

const EVP_CIPHER* algorithm() {
  static const EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  SHOAL_CHECK(fetched != nullptr);
  return fetched;
}

}  // namespace

struct ChaCha20Poly1305::Native {
  CipherContextOwner context{EVP_CIPHER_CTX_new()};

  explicit Native(ByteView key) {
    require(context && EVP_CipherInit_ex2(context.get(), algorithm(), key.data(), nullptr, 1,
                                          nullptr) == 1,
            "ChaCha20-Poly1305 could not be started");
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

ChaCha20Poly1305::ChaCha20Poly1305(ByteView key) {
  SHOAL_CHECK(key.size() == kKeyBytes);
  native_ = std::make_unique<Native>(key);
}

ChaCha20Poly1305::~ChaCha20Poly1305() = default;
ChaCha20Poly1305::ChaCha20Poly1305(ChaCha20Poly1305&&) noexcept = default;
ChaCha20Poly1305& ChaCha20Poly1305::operator=(ChaCha20Poly1305&&) noexcept = default;

void ChaCha20Poly1305::seal(const Nonce& nonce, ByteView associated, ByteView plaintext,
                            MutableBytes out) {
  seal(nonce, associated, std::span<const ByteView>(&plaintext, 1), out);
}

void ChaCha20Poly1305::seal(const Nonce& nonce, ByteView associated,
                            std::span<const ByteView> plaintext, MutableBytes out) {
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

bool ChaCha20Poly1305::open(const Nonce& nonce, ByteView associated, ByteView sealed,
                            MutableBytes out) {
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
