#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/bytes.h"
#include "format/small_bytes.h"

namespace shoal {

/// Codes of the multicodec table that this project can compute or meets.
enum class HashCode : std::uint64_t {
  identity = 0x00,
  sha1 = 0x11,
  sha2_256 = 0x12,
  sha2_512 = 0x13
};

/// A hash function's code, the digest's length, the digest: multiformats/multihash.
/// Kept in its encoded form; ordered and compared as bytes. Digest at most 128 bytes.
class Multihash {
 public:
  static constexpr std::size_t kMaxDigestBytes = 128;

  /// Hashes `content`.
  static Multihash sha2_256(ByteView content);
  static Multihash identity(ByteView content);
  static Multihash wrap(HashCode code, ByteView digest);

  /// All of `bytes` must be one multihash. Throws Error{malformed} or {limit}. A function that we
  /// cannot compute is no error: such links are carried, and matches() says that they cannot be
  /// verified.
  static Multihash decode(ByteView bytes);
  /// Takes one multihash off the front of `bytes`.
  static Multihash take(ByteView& bytes);

  std::uint64_t code() const;
  bool is(HashCode code) const { return this->code() == static_cast<std::uint64_t>(code); }
  ByteView digest() const;
  ByteView encoded() const { return bytes_.view(); }

  /// Whether matches() can tell.
  bool is_computable() const;
  /// Whether `content` hashes to this. Throws Error{unsupported} for a function we cannot compute.
  bool matches(ByteView content) const;

  bool operator==(const Multihash& other) const { return equal(encoded(), other.encoded()); }
  std::strong_ordering operator<=>(const Multihash& other) const;

 private:
  explicit Multihash(ByteView encoded) : bytes_(encoded) {}
  SmallBytes bytes_;
};

}  // namespace shoal

template <>
struct std::hash<shoal::Multihash> {
  /// The digest's own bytes: the same in every process, and good enough for a digest.
  std::size_t operator()(const shoal::Multihash& hash) const noexcept;
};
