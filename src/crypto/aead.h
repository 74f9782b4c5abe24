#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace shoal::crypto {

enum class AeadAlgorithm { aes_128_gcm, chacha20_poly1305 };

/// Authenticated encryption under one key, which is all that it holds: the cipher's state, many
/// times as large, belongs to the thread that calls. A call allocates nothing. A nonce must never
/// seal twice: that is the caller's duty.
class Aead {
 public:
  static constexpr std::size_t kTagBytes = 16;
  using Nonce = std::array<std::uint8_t, 12>;

  /// 16 for AES-128-GCM, 32 for ChaCha20-Poly1305.
  static std::size_t key_bytes(AeadAlgorithm algorithm);

  /// `key` has key_bytes(algorithm).
  Aead(AeadAlgorithm algorithm, ByteView key);
  ~Aead();
  Aead(Aead&&) noexcept = default;
  Aead& operator=(Aead&&) noexcept = default;

  /// Writes ciphertext and tag: `out` is 16 bytes longer than `plaintext` and either begins at the
  /// same address or does not overlap it.
  void seal(const Nonce& nonce, ByteView associated, ByteView plaintext, MutableBytes out);
  /// The same for a plaintext in pieces, none of which may overlap `out`.
  void seal(const Nonce& nonce, ByteView associated, std::span<const ByteView> plaintext,
            MutableBytes out);

  /// Whether `sealed` (ciphertext and tag) is authentic; then `out`, 16 bytes shorter, holds the
  /// plaintext, and otherwise zeros. `out` begins at the same address or does not overlap.
  /// Fewer than 16 bytes are never authentic; `out` is empty then.
  [[nodiscard]] bool open(const Nonce& nonce, ByteView associated, ByteView sealed,
                          MutableBytes out);

 private:
  AeadAlgorithm algorithm_;
  std::array<std::uint8_t, 32> key_{};  // of which the first key_bytes()
};

/// RFC 8439.
class ChaCha20Poly1305 : public Aead {
 public:
  static constexpr std::size_t kKeyBytes = 32;

  /// `key` has 32 bytes.
  explicit ChaCha20Poly1305(ByteView key) : Aead(AeadAlgorithm::chacha20_poly1305, key) {}
};

}  // namespace shoal::crypto
