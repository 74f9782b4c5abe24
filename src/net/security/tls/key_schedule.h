#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "crypto/aead.h"

namespace shoal::tls {

/// The cipher suites that we speak, by their numbers on the wire; both hash with SHA-256.
enum class Suite : std::uint16_t {
  aes_128_gcm_sha256 = 0x1301,
  chacha20_poly1305_sha256 = 0x1303,
};

crypto::AeadAlgorithm aead_of(Suite suite);

/// A traffic secret of RFC 8446, section 7.1: what the keys of one direction are made from. Wiped
/// when it goes.
class TrafficSecret {
 public:
  static constexpr std::size_t kBytes = 32;

  TrafficSecret() = default;
  /// `bytes` has kBytes.
  explicit TrafficSecret(ByteView bytes);
  ~TrafficSecret();
  TrafficSecret(const TrafficSecret&) = default;
  TrafficSecret& operator=(const TrafficSecret&) = default;

  ByteView bytes() const { return bytes_; }
  /// The secret after a KeyUpdate, section 7.2.
  TrafficSecret next() const;

 private:
  std::array<std::uint8_t, kBytes> bytes_{};
};

/// What a handshake leaves to the records behind it.
struct TrafficKeys {
  Suite suite;
  TrafficSecret send;
  TrafficSecret receive;
};

/// HKDF-Expand-Label with an empty context, for at most 32 bytes.
void expand_label(ByteView secret, std::string_view label, MutableBytes out);

}  // namespace shoal::tls
