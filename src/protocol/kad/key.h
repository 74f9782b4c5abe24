#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "format/multihash.h"
#include "format/peer_id.h"

namespace shoal::kad {

/// A point of the 256-bit key space, in which distance is XOR: the SHA-256 of a peer id, of the
/// multihash of content, or of the key of a value (libp2p specs, kad-dht).
class Key {
 public:
  static constexpr std::size_t kBytes = 32;
  static constexpr std::size_t kBits = 8 * kBytes;

  /// Hashes what goes over the wire as a key.
  static Key of(ByteView wire_key);
  static Key of(const PeerId& peer) { return of(peer.encoded()); }
  static Key of(const Multihash& content) { return of(content.encoded()); }
  /// The point itself, for tests and for refreshing a region.
  static Key at(const std::array<std::uint8_t, kBytes>& bytes) { return Key(bytes); }

  ByteView bytes() const { return bytes_; }
  bool bit(std::size_t index) const;
  /// Leading bits in common: 256 when equal.
  std::size_t common_prefix(const Key& other) const;
  /// XOR, to be compared as a big-endian number.
  Key distance(const Key& other) const;

  bool operator==(const Key&) const = default;
  auto operator<=>(const Key&) const = default;

 private:
  explicit Key(const std::array<std::uint8_t, kBytes>& bytes) : bytes_(bytes) {}
  std::array<std::uint8_t, kBytes> bytes_;
};

/// Whether `a` is nearer to `target` than `b`.
bool nearer(const Key& target, const Key& a, const Key& b);

}  // namespace shoal::kad
