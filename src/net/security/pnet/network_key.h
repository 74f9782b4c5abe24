#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace shoal::pnet {

/// The longest key file that is read. One in base16 has 96 bytes.
inline constexpr std::size_t kMaxKeyFileBytes = 1024;

/// The secret that all members of a private network share: libp2p specs, pnet. Wiped when it goes.
class NetworkKey {
 public:
  static constexpr std::size_t kBytes = 32;

  /// The content of a `swarm.key`, as IPFS writes it:
  ///
  ///     /key/swarm/psk/1.0.0/
  ///     /base16/              (or /base64/, /bin/)
  ///     the key, so encoded
  ///
  /// Throws Error{malformed}, {unsupported} for another encoding or version, {limit}.
  static NetworkKey parse(ByteView file);
  /// `secret` has 32 bytes.
  explicit NetworkKey(ByteView secret);
  ~NetworkKey();
  NetworkKey(const NetworkKey&) = default;
  NetworkKey& operator=(const NetworkKey&) = default;

  ByteView bytes() const { return bytes_; }
  /// For people to compare: says nothing of the key. The one that Kubo prints, 32 hexadecimal
  /// digits.
  std::string fingerprint() const;

  bool operator==(const NetworkKey&) const = default;

 private:
  std::array<std::uint8_t, kBytes> bytes_{};
};

}  // namespace shoal::pnet
