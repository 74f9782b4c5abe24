#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "format/small_bytes.h"

namespace shoal {

/// Codes of the multicodec table that the code speaks of by name; hash_function.h knows the others.
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
  /// `content` hashed with the function of any code; none when is_computable() would be false, and
  /// for identity.
  static std::optional<Multihash> compute(std::uint64_t code, std::size_t digest_bytes,
                                          ByteView content);

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

  /// "sha2-256": as the multicodec table has it.
  std::string function_name() const;
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

/// Error{unsupported}: content that has this hash cannot be checked here.
Error cannot_verify(const Multihash& hash, std::string subject = {});

}  // namespace shoal

template <>
struct std::hash<shoal::Multihash> {
  /// The digest's own bytes: the same in every process, and good enough for a digest.
  std::size_t operator()(const shoal::Multihash& hash) const noexcept;
};
