#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "format/dag_pb.h"
#include "format/unixfs.h"
#include "format/unixfs_profile.h"

namespace shoal {

/// murmur3-x64-64 in the multicodec table: the only hash function in use.
inline constexpr std::uint64_t kHamtHashType = 0x22;
inline constexpr unsigned kMaxHamtFanout = 1024;

/// The shape of a sharded directory: ipfs/specs unixfs, HAMTDirectory. A name's hash is read from
/// its highest bit on, `bits` for each level; a link's name is the number of its bucket in
/// `digits` upper-case hexadecimal digits, and for an entry the entry's name behind it.
struct HamtShape {
  unsigned fanout = 256;

  /// Throws Error{malformed} unless it is a power of two, a multiple of 8, at most 1024.
  static HamtShape checked(std::uint64_t fanout);

  unsigned bits() const;
  unsigned digits() const;
  /// Levels that 64 bits of hash allow.
  unsigned max_depth() const { return 64 / bits(); }
  /// The bucket of a hash at a level; `depth` must be below max_depth().
  unsigned bucket(std::uint64_t hash, unsigned depth) const;
  std::string prefix(unsigned bucket) const;
  /// The bucket that a link's name begins with, or nothing if it does not begin as it must.
  std::optional<unsigned> parse_prefix(std::string_view link_name) const;
};

std::uint64_t hamt_hash(std::string_view name);

/// A directory's root block, and all that is below it.
struct DirectoryRoot {
  Cid cid;
  /// The bytes of all blocks below and including the root, as parents state it.
  std::uint64_t tsize = 0;
  bool sharded = false;
};

/// Makes the shards of a directory with boxo's bytes and hands them to `sink`. The order of the
/// entries does not matter; their names must differ, or Error{usage} is thrown. Throws Error{limit}
/// for names that collide in all bits of their hashes. `metadata` goes to the root alone.
DirectoryRoot build_hamt(std::span<const DagPbLink> entries, const UnixfsProfile& profile,
                         const UnixfsMetadata& metadata, const BlockSink& sink);

}  // namespace shoal
