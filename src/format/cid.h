#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "format/multihash.h"

namespace shoal {

/// Content codecs of the multicodec table that this project reads.
enum class Codec : std::uint64_t { raw = 0x55, dag_pb = 0x70, dag_cbor = 0x71, libp2p_key = 0x72 };

/// A content identifier, version 0 or 1: multiformats/cid. At most 168 bytes encoded. The digest
/// has the length of its function, or, for functions unknown here, at least 20 bytes; identity may
/// have any up to 128.
class Cid {
 public:
  static constexpr std::size_t kMaxEncodedBytes = 168;

  /// Version 0: dag-pb and a 32-byte sha2-256, always. Throws Error{malformed} otherwise.
  static Cid v0(Multihash hash);
  static Cid v1(Codec codec, Multihash hash);
  /// The same for a codec that has no name here.
  static Cid v1(std::uint64_t codec, Multihash hash);

  /// Binary form, all of `bytes`. Throws Error{malformed}, {limit}.
  static Cid decode(ByteView bytes);
  /// Takes one binary CID off the front.
  static Cid take(ByteView& bytes);
  /// Text form: base58btc without prefix for v0, any multibase for v1. Throws as decode() does, and
  /// Error{unsupported} for an unknown multibase prefix.
  static Cid parse(std::string_view text);

  int version() const { return version_; }
  std::uint64_t codec() const { return codec_; }
  bool is(Codec codec) const { return codec_ == static_cast<std::uint64_t>(codec); }
  const Multihash& hash() const { return hash_; }

  Bytes encode() const;
  /// v0 in base58btc, v1 in base32.
  std::string to_string() const;

  bool operator==(const Cid&) const = default;
  std::strong_ordering operator<=>(const Cid&) const = default;

 private:
  Cid(int version, std::uint64_t codec, Multihash hash);
  int version_;
  std::uint64_t codec_;
  Multihash hash_;
};

}  // namespace shoal

template <>
struct std::hash<shoal::Cid> {
  std::size_t operator()(const shoal::Cid& cid) const noexcept {
    return std::hash<shoal::Multihash>{}(cid.hash());
  }
};
