#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"

namespace shoal::crypto {

using Sha256Digest = std::array<std::uint8_t, 32>;
using Sha512Digest = std::array<std::uint8_t, 64>;

/// One-shot hashes. Safe from every thread.
Sha256Digest sha256(ByteView data);
Sha512Digest sha512(ByteView data);
/// Of all pieces, one after the other.
Sha256Digest sha256_of(std::span<const ByteView> pieces);

/// SHA-256 over data that arrives in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(ByteView data);
  /// The digest of all that was given; the object starts afresh after it.
  Sha256Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// HMAC-SHA256 (RFC 2104).
Sha256Digest hmac_sha256(ByteView key, ByteView message);

/// Compares secrets in a time that depends on the lengths alone.
bool equal_secret(ByteView a, ByteView b);

}  // namespace shoal::crypto
