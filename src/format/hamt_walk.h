#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "format/unixfs_node.h"

namespace shoal {

/// Reads a sharded directory whose blocks arrive in any order, and makes sure that it is one: every
/// name where its hash puts it, one fanout throughout, no shard twice, none empty but the root, no
/// deeper than the hash goes. A directory made of few blocks can therefore not unfold into
/// endlessly many.
///
///     HamtWalk walk(root);
///     while (!walk.done()) for (const Cid& cid : walk.take_wanted()) walk.accept(cid, fetch(cid));
class HamtWalk {
 public:
  static constexpr std::size_t kDefaultMaxEntries = std::size_t{1} << 24;

  /// Entries and shards together may be `max_entries` at most.
  explicit HamtWalk(const Cid& root, std::size_t max_entries = kDefaultMaxEntries);

  /// Shards found since the last call; the root at first.
  std::vector<Cid> take_wanted();

  /// Reads a wanted shard, verified against `cid` by the caller, and returns the entries in it.
  /// Throws Error{malformed}, {unsupported}, {limit}; the walk is of no use then.
  std::vector<DagPbLink> accept(const Cid& cid, ByteView block);

  bool done() const { return missing_.empty(); }
  /// What the shards that were found take, seen and perhaps missing.
  std::size_t memory_bytes() const;
  /// What the root says; empty until it was accepted.
  const UnixfsMetadata& metadata() const { return metadata_; }

 private:
  /// The buckets on the way from the root: the hash's first bits, `depth` times shape.bits() many.
  struct Place {
    std::uint64_t path = 0;
    unsigned depth = 0;
  };

  Place below(const Place& place, unsigned bucket) const;
  bool belongs(std::uint64_t hash, const Place& place) const;
  void check_shard(const ShardNode& shard, const Place& place);
  void want_children(const ShardNode& shard, const Place& place);

  std::size_t max_entries_;
  std::size_t found_ = 0;
  HamtShape shape_{0};
  UnixfsMetadata metadata_;
  std::map<Cid, Place> missing_;
  std::set<std::uint64_t> seen_;  // hashes: two that are equal by chance are 2^64 to 1
  std::vector<Cid> wanted_;
};

/// A step of the way to one name: the link with that name, or the shard to look into next.
struct HamtStep {
  const DagPbLink* entry = nullptr;
  const DagPbLink* child = nullptr;
};

/// Looks for a name in a shard `depth` levels below the root (0: the root). Both members are null
/// if the directory has no such entry. Throws Error{malformed} for a depth that the hash does not
/// reach.
HamtStep find_in_shard(const ShardNode& shard, std::string_view name, unsigned depth);

}  // namespace shoal
