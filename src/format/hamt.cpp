#include "format/hamt.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "base/error.h"
#include "format/murmur3.h"

namespace shoal {
namespace {

constexpr unsigned kHashBits = 64;
constexpr std::string_view kDigits = "0123456789ABCDEF";

struct HashedEntry {
  std::uint64_t hash;
  const DagPbLink* entry;
};

/// Which buckets are taken: the last byte holds the first eight, leading zero bytes are left out.
class BucketSet {
 public:
  explicit BucketSet(unsigned fanout) : bytes_(fanout / 8) {}

  void add(unsigned bucket) {
    bytes_[bytes_.size() - 1 - bucket / 8] |= static_cast<std::uint8_t>(1U << (bucket % 8));
  }

  ByteView encoded() const {
    const auto first = std::ranges::find_if(bytes_, [](std::uint8_t byte) { return byte != 0; });
    return {first, bytes_.end()};
  }

 private:
  Bytes bytes_;
};

class HamtBuilder {
 public:
  HamtBuilder(const UnixfsProfile& profile, const BlockSink& sink)
      : profile_(profile), shape_(HamtShape::checked(profile.hamt_fanout)), sink_(sink) {}

  /// `entries` are sorted by hash. Goes no deeper than shape_.max_depth().
  DirectoryRoot build(std::span<const HashedEntry> entries, unsigned depth,
                      const UnixfsMetadata& metadata) const {
    if (depth >= shape_.max_depth()) {
      throw Error(ErrorCode::limit, "directory with names whose hashes are the same");
    }
    BucketSet taken(shape_.fanout);
    std::vector<DagPbLink> links;
    while (!entries.empty()) {
      const unsigned bucket = shape_.bucket(entries.front().hash, depth);
      const std::size_t count = count_in_bucket(entries, bucket, depth);
      taken.add(bucket);
      links.push_back(make_link(entries.first(count), bucket, depth));
      entries = entries.subspan(count);
    }
    return emit(links, taken, metadata);
  }

 private:
  std::size_t count_in_bucket(std::span<const HashedEntry> entries, unsigned bucket,
                              unsigned depth) const {
    const auto other = std::ranges::find_if(entries, [&](const HashedEntry& entry) {
      return shape_.bucket(entry.hash, depth) != bucket;
    });
    return static_cast<std::size_t>(other - entries.begin());
  }

  DagPbLink make_link(std::span<const HashedEntry> entries, unsigned bucket, unsigned depth) const {
    if (entries.size() == 1) {
      const DagPbLink& entry = *entries.front().entry;
      return {entry.cid, shape_.prefix(bucket) + entry.name, entry.tsize};
    }
    const DirectoryRoot child = build(entries, depth + 1, {});
    return {child.cid, shape_.prefix(bucket), child.tsize};
  }

  DirectoryRoot emit(const std::vector<DagPbLink>& links, const BucketSet& taken,
                     const UnixfsMetadata& metadata) const {
    const Bytes data = encode_unixfs({.type = UnixfsType::hamt_shard,
                                      .data = taken.encoded(),
                                      .hash_type = kHamtHashType,
                                      .fanout = shape_.fanout,
                                      .metadata = metadata});
    Bytes block = encode_dag_pb(links, ByteView(data));
    DirectoryRoot root{profile_.dag_pb_cid(block), cumulative_size(block.size(), links), true};
    sink_(root.cid, std::move(block));
    return root;
  }

  const UnixfsProfile& profile_;
  HamtShape shape_;
  const BlockSink& sink_;
};

std::vector<HashedEntry> sorted_by_hash(std::span<const DagPbLink> entries) {
  std::vector<HashedEntry> sorted;
  sorted.reserve(entries.size());
  for (const DagPbLink& entry : entries) sorted.push_back({hamt_hash(entry.name), &entry});
  std::ranges::sort(sorted, [](const HashedEntry& a, const HashedEntry& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.entry->name < b.entry->name;
  });
  const auto twice = std::ranges::adjacent_find(
      sorted,
      [](const HashedEntry& a, const HashedEntry& b) { return a.entry->name == b.entry->name; });
  if (twice != sorted.end()) {
    throw Error(ErrorCode::usage, "directory with two entries of one name", twice->entry->name);
  }
  return sorted;
}

}  // namespace

HamtShape HamtShape::checked(std::uint64_t fanout) {
  if (fanout < 8 || fanout > kMaxHamtFanout || !std::has_single_bit(fanout)) {
    throw Error(ErrorCode::malformed, "sharded directory with a bad fanout");
  }
  return {static_cast<unsigned>(fanout)};
}

unsigned HamtShape::bits() const {
  return static_cast<unsigned>(std::countr_zero(fanout));
}

unsigned HamtShape::digits() const {
  return (bits() + 3) / 4;
}

unsigned HamtShape::bucket(std::uint64_t hash, unsigned depth) const {
  SHOAL_CHECK(depth < max_depth());
  return static_cast<unsigned>(hash >> (kHashBits - (depth + 1) * bits())) & (fanout - 1);
}

std::string HamtShape::prefix(unsigned bucket) const {
  std::string text(digits(), '0');
  for (std::size_t i = text.size(); i-- > 0; bucket >>= 4) text[i] = kDigits[bucket & 15];
  return text;
}

std::optional<unsigned> HamtShape::parse_prefix(std::string_view link_name) const {
  if (link_name.size() < digits()) return std::nullopt;
  unsigned value = 0;
  for (const char c : link_name.substr(0, digits())) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value << 4 | static_cast<unsigned>(digit);
  }
  if (value >= fanout) return std::nullopt;
  return value;
}

std::uint64_t hamt_hash(std::string_view name) {
  return murmur3_x64_64(as_bytes(name));
}

DirectoryRoot build_hamt(std::span<const DagPbLink> entries, const UnixfsProfile& profile,
                         const UnixfsMetadata& metadata, const BlockSink& sink) {
  return HamtBuilder(profile, sink).build(sorted_by_hash(entries), 0, metadata);
}

}  // namespace shoal
