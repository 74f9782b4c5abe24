#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace shoal::crypto {

/// A public value or a shared secret of X25519 (RFC 7748, section 5), little-endian as on the wire.
using X25519Value = std::array<std::uint8_t, 32>;

/// One side's key pair for X25519. Immutable; movable.
class X25519KeyPair {
 public:
  /// Any 32 secret bytes will do: clamping is part of the function. Throws Error{malformed} for
  /// another length.
  explicit X25519KeyPair(ByteView secret);
  ~X25519KeyPair();
  X25519KeyPair(X25519KeyPair&&) noexcept;
  X25519KeyPair& operator=(X25519KeyPair&&) noexcept;

  const X25519Value& public_key() const { return public_key_; }

  /// The secret shared with the holder of `remote` (32 bytes). Throws Error{malformed} for another
  /// length, and for points of small order, which would make the secret all zero.
  X25519Value shared_secret(ByteView remote) const;

 private:
  struct Native;  // owns the EVP_PKEY
  std::unique_ptr<const Native> native_;
  X25519Value public_key_{};
};

}  // namespace shoal::crypto
