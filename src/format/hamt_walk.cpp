#include "format/hamt_walk.h"

#include <utility>

#include "base/error.h"
#include "format/murmur3.h"

namespace shoal {
namespace {

[[noreturn]] void malformed(const char* why) {
  throw Error(ErrorCode::malformed, why);
}

// Of a node of a std::set and a std::map, its neighbours in the allocator's eyes included.
constexpr std::size_t kSeenBytes = 48;
constexpr std::size_t kMissingBytes = 176;

/// Whoever makes two shards of one hash only makes a directory that is refused.
std::uint64_t hash_of(const Cid& shard) {
  return murmur3_x64_64(shard.hash().encoded());
}

const DagPbLink* in_bucket(const std::vector<ShardEntry>& links, unsigned bucket) {
  for (const ShardEntry& link : links) {
    if (link.bucket == bucket) return &link.link;
  }
  return nullptr;
}

}  // namespace

HamtWalk::HamtWalk(const Cid& root, std::size_t max_entries)
    : max_entries_(max_entries), missing_{{root, {}}}, seen_{hash_of(root)}, wanted_{root} {}

std::size_t HamtWalk::memory_bytes() const {
  return seen_.size() * kSeenBytes + missing_.size() * kMissingBytes;
}

std::vector<Cid> HamtWalk::take_wanted() {
  return std::exchange(wanted_, {});
}

HamtWalk::Place HamtWalk::below(const Place& place, unsigned bucket) const {
  return {place.path << shape_.bits() | bucket, place.depth + 1};
}

bool HamtWalk::belongs(std::uint64_t hash, const Place& place) const {
  return hash >> (64 - place.depth * shape_.bits()) == place.path;
}

void HamtWalk::check_shard(const ShardNode& shard, const Place& place) {
  const bool is_root = place.depth == 0;
  if (is_root) shape_ = shard.shape;
  if (shard.shape.fanout != shape_.fanout) malformed("sharded directory with two fanouts");
  if (place.depth >= shape_.max_depth()) malformed("sharded directory deeper than its hash");
  const std::size_t links = shard.entries.size() + shard.children.size();
  if (links == 0 && !is_root) malformed("sharded directory with an empty shard");
  if (links > max_entries_ - found_) {
    throw Error(ErrorCode::limit, "directory with too many entries");
  }
  found_ += links;
  for (const ShardEntry& entry : shard.entries) {
    if (!belongs(hamt_hash(entry.link.name), below(place, entry.bucket))) {
      malformed("sharded directory with a name in the wrong place");
    }
  }
}

void HamtWalk::want_children(const ShardNode& shard, const Place& place) {
  for (const ShardEntry& child : shard.children) {
    // One that is not empty cannot be right in two places.
    if (!seen_.insert(hash_of(child.link.cid)).second)
      malformed("sharded directory with a shard twice");
    missing_.emplace(child.link.cid, below(place, child.bucket));
    wanted_.push_back(child.link.cid);
  }
}

std::vector<DagPbLink> HamtWalk::accept(const Cid& cid, ByteView block) {
  const auto found = missing_.find(cid);
  SHOAL_CHECK(found != missing_.end());
  const Place place = found->second;
  missing_.erase(found);
  UnixfsNode node = describe_node(cid, block);
  ShardNode* shard = std::get_if<ShardNode>(&node.kind);
  if (shard == nullptr) malformed("shard of a directory that is none");
  check_shard(*shard, place);
  want_children(*shard, place);
  if (place.depth == 0) metadata_ = node.metadata;
  std::vector<DagPbLink> entries;
  entries.reserve(shard->entries.size());
  for (ShardEntry& entry : shard->entries) entries.push_back(std::move(entry.link));
  return entries;
}

HamtStep find_in_shard(const ShardNode& shard, std::string_view name, unsigned depth) {
  if (depth >= shard.shape.max_depth()) malformed("sharded directory deeper than its hash");
  const unsigned bucket = shard.shape.bucket(hamt_hash(name), depth);
  const DagPbLink* entry = in_bucket(shard.entries, bucket);
  if (entry != nullptr) return {entry->name == name ? entry : nullptr, nullptr};
  return {nullptr, in_bucket(shard.children, bucket)};
}

}  // namespace shoal
