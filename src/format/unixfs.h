#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace shoal {

/// DataType of ipfs/specs unixfs. `raw` is the old kind of leaf, read but never written.
enum class UnixfsType : std::uint8_t {
  raw = 0,
  directory = 1,
  file = 2,
  metadata = 3,
  symlink = 4,
  hamt_shard = 5
};

/// Since the Unix epoch; `nanos` is below 10^9 and counts forward, also before the epoch.
struct UnixfsTime {
  std::int64_t seconds = 0;
  std::uint32_t nanos = 0;

  bool operator==(const UnixfsTime&) const = default;
};

/// UnixFS 1.5: what a file, directory or symbolic link may say about itself.
struct UnixfsMetadata {
  /// All 32 bits as they were found; only those of kUnixfsModeBits have a meaning.
  std::optional<std::uint32_t> mode = {};
  std::optional<UnixfsTime> mtime = {};

  bool empty() const { return !mode && !mtime; }
  bool operator==(const UnixfsMetadata&) const = default;
};

inline constexpr std::uint32_t kUnixfsModeBits = 07777;

/// The message inside a dag-pb node's data. Absent and empty `data` are the same.
struct UnixfsData {
  UnixfsType type = UnixfsType::file;
  /// Content of a file, target of a symbolic link, bit field of a shard. Lent.
  ByteView data = {};
  std::optional<std::uint64_t> filesize = {};
  /// Bytes of the file below each link, in the order of the links.
  std::vector<std::uint64_t> blocksizes = {};
  std::optional<std::uint64_t> hash_type = {};
  std::optional<std::uint64_t> fanout = {};
  UnixfsMetadata metadata = {};
};

/// Unknown fields are skipped, blocksizes may be packed; a known field with a foreign wire type or
/// given twice, no type, or nanoseconds outside [1, 999999999] are Error{malformed}. A type that is
/// not listed above is Error{unsupported}. The result lends from `message`.
UnixfsData decode_unixfs(ByteView message);

/// Byte for byte as boxo writes it: fields in the order of their numbers, blocksizes one by one,
/// empty data left out (except for symbolic links), zero nanoseconds and a zero mode left out.
Bytes encode_unixfs(const UnixfsData& data);

/// The bytes of the file in and below a node: its data and all blocksizes. Throws Error{malformed}
/// beyond 2^63 - 1.
std::uint64_t content_size(const UnixfsData& data);

}  // namespace shoal
