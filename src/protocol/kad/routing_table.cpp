#include "protocol/kad/routing_table.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace shoal::kad {
namespace {

constexpr int kSeatValue = 5;

TimePoint last_good(const RoutingTable::Entry& entry) {
  return entry.last_useful ? std::max(*entry.last_useful, entry.added) : entry.added;
}

bool is_useless(const RoutingTable::Entry& entry, TimePoint now) {
  return entry.failures > 0 || now - last_good(entry) > RoutingTable::kUselessAfter;
}

/// Whether `a` is the one to go.
bool worse(const RoutingTable::Entry& a, const RoutingTable::Entry& b) {
  if (a.failures != b.failures) return a.failures > b.failures;
  return last_good(a) < last_good(b);
}

// RFC 6298's weight of a new sample.
Duration smoothed(Duration old, Duration sample) {
  return old == Duration{} ? sample : old - old / 8 + sample / 8;
}

void note_useful(RoutingTable::Entry& entry, Duration round_trip, TimePoint now) {
  entry.last_useful = now;
  entry.failures = 0;
  entry.round_trip = smoothed(entry.round_trip, round_trip);
}

}  // namespace

RoutingTable::RoutingTable(const Key& self, TableLimits limits)
    : self_(self), limits_(limits), buckets_(1) {}

std::size_t RoutingTable::index_of(const Key& key) const {
  return std::min(self_.common_prefix(key), buckets_.size() - 1);
}

RoutingTable::Entry* RoutingTable::find_entry(const PeerId& peer, Bucket& bucket) {
  const auto found = std::ranges::find(bucket.entries, peer, &Entry::id);
  return found == bucket.entries.end() ? nullptr : &*found;
}

const RoutingTable::Entry* RoutingTable::find(const PeerId& peer) const {
  const Bucket& bucket = buckets_[index_of(Key::of(peer))];
  const auto found = std::ranges::find(bucket.entries, peer, &Entry::id);
  return found == bucket.entries.end() ? nullptr : &*found;
}

bool RoutingTable::counts(const IpGroup& group) const {
  return !(limits_.exempt_local && group.is_local());
}

bool RoutingTable::is_diverse(const Bucket& bucket, const IpGroup& group) const {
  if (!counts(group)) return true;
  const auto in_table = groups_.find(group);
  if (in_table != groups_.end() && in_table->second >= most_of_group()) return false;
  const auto in_bucket = std::ranges::count(bucket.entries, group, &Entry::group);
  return static_cast<std::size_t>(in_bucket) < limits_.per_group_and_bucket;
}

std::size_t RoutingTable::most_of_group() const {
  if (size_ < kLargeTable) return limits_.per_group;
  return std::min(limits_.per_group, std::max<std::size_t>(1, size_ / limits_.one_in));
}

/// A table that has just grown large takes back what it gave while it was small: of each group
/// that has too many, the worst go.
void RoutingTable::enforce_share() {
  if (size_ != kLargeTable) return;
  const std::size_t most = most_of_group();
  const auto surplus = [&](const Entry& entry) {
    const auto found = groups_.find(entry.group);
    return found != groups_.end() && found->second > most;
  };
  for (Bucket& bucket : buckets_) {
    while (true) {
      std::optional<std::size_t> worst;
      for (std::size_t i = 0; i < bucket.entries.size(); ++i) {
        if (!surplus(bucket.entries[i])) continue;
        if (!worst || worse(bucket.entries[i], bucket.entries[*worst])) worst = i;
      }
      if (!worst) break;
      unseat(bucket, *worst);
    }
  }
}

bool RoutingTable::can_unfold(const Bucket& bucket) const {
  return &bucket == &buckets_.back() && buckets_.size() < Key::kBits;
}

/// Moves those that are nearer than the last bucket's prefix into a new last one.
void RoutingTable::unfold() {
  const std::size_t prefix = buckets_.size() - 1;
  Bucket old = std::exchange(buckets_.back(), {});
  buckets_.emplace_back();
  const auto bucket_for = [&](const Entry& entry) -> Bucket& {
    return buckets_[self_.common_prefix(entry.key) > prefix ? prefix + 1 : prefix];
  };
  for (Entry& entry : old.entries) bucket_for(entry).entries.push_back(std::move(entry));
  for (Entry& entry : old.replacements) bucket_for(entry).replacements.push_back(std::move(entry));
}

void RoutingTable::seat(Bucket& bucket, Entry entry) {
  if (counts(entry.group)) ++groups_[entry.group];
  bucket.entries.push_back(std::move(entry));
  ++size_;
  enforce_share();
}

void RoutingTable::unseat(Bucket& bucket, std::size_t position) {
  const auto found = bucket.entries.begin() + static_cast<std::ptrdiff_t>(position);
  if (const auto group = groups_.find(found->group); group != groups_.end()) {
    if (--group->second == 0) groups_.erase(group);
  }
  bucket.entries.erase(found);
  --size_;
}

/// Whose seat in a full bucket a newcomer of `group` may have.
std::optional<std::size_t> RoutingTable::yielding(const Bucket& bucket, const IpGroup& group,
                                                  TimePoint now) const {
  if (!is_diverse(bucket, group)) return std::nullopt;
  const auto worst = std::ranges::min_element(bucket.entries, worse);
  if (worst == bucket.entries.end() || !is_useless(*worst, now)) return std::nullopt;
  return static_cast<std::size_t>(worst - bucket.entries.begin());
}

/// The newest stay; no group may have more of them than of a bucket's seats.
void RoutingTable::keep_replacement(Bucket& bucket, Entry entry) {
  std::deque<Entry>& waiting = bucket.replacements;
  std::erase_if(waiting, [&](const Entry& other) { return other.id == entry.id; });
  const auto of_group = std::ranges::count(waiting, entry.group, &Entry::group);
  if (counts(entry.group) && static_cast<std::size_t>(of_group) >= limits_.per_group_and_bucket) {
    return;
  }
  if (waiting.size() == kReplacements) waiting.pop_front();
  waiting.push_back(std::move(entry));
}

/// The newest that may: it was seen alive most recently.
bool RoutingTable::promote_replacement(Bucket& bucket, TimePoint now) {
  std::deque<Entry>& waiting = bucket.replacements;
  for (std::size_t i = waiting.size(); i-- > 0;) {
    if (!is_diverse(bucket, waiting[i].group)) continue;
    Entry entry = std::move(waiting[i]);
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
    entry.added = now;
    seat(bucket, std::move(entry));
    return true;
  }
  return false;
}

bool RoutingTable::offer(const PeerId& peer, const IpGroup& group, TimePoint now) {
  const Key key = Key::of(peer);
  if (key == self_) return false;
  if (find_entry(peer, bucket_of(key)) != nullptr) return true;
  while (bucket_of(key).entries.size() >= limits_.bucket_size && can_unfold(bucket_of(key)) &&
         is_diverse(bucket_of(key), group)) {
    unfold();
  }
  Bucket& bucket = bucket_of(key);
  Entry entry{.id = peer, .key = key, .group = group, .added = now, .last_useful = {}};
  const bool full = bucket.entries.size() >= limits_.bucket_size;
  if (full) {
    const std::optional<std::size_t> place = yielding(bucket, group, now);
    if (!place) {
      keep_replacement(bucket, std::move(entry));
      return false;
    }
    unseat(bucket, *place);
  } else if (!is_diverse(bucket, group)) {
    keep_replacement(bucket, std::move(entry));
    return false;
  }
  std::erase_if(bucket.replacements, [&](const Entry& other) { return other.id == peer; });
  seat(bucket, std::move(entry));
  return find(peer) != nullptr;
}

void RoutingTable::useful(const PeerId& peer, Duration round_trip, TimePoint now) {
  Bucket& bucket = bucket_of(Key::of(peer));
  if (Entry* entry = find_entry(peer, bucket)) {
    note_useful(*entry, round_trip, now);
    return;
  }
  const auto waiting = std::ranges::find(bucket.replacements, peer, &Entry::id);
  if (waiting != bucket.replacements.end()) note_useful(*waiting, round_trip, now);
}

void RoutingTable::failed(const PeerId& peer, TimePoint now) {
  Bucket& bucket = bucket_of(Key::of(peer));
  std::erase_if(bucket.replacements, [&](const Entry& other) { return other.id == peer; });
  Entry* entry = find_entry(peer, bucket);
  if (entry == nullptr) return;
  ++entry->failures;
  const auto position = static_cast<std::size_t>(entry - bucket.entries.data());
  if (entry->failures >= kMaxFailures) {
    unseat(bucket, position);
    promote_replacement(bucket, now);
    return;
  }
  // Its seat may be what stands in the way of a replacement of the same group.
  const Entry suspect = *entry;
  unseat(bucket, position);
  if (!promote_replacement(bucket, now)) seat(bucket, suspect);
}

void RoutingTable::remove(const PeerId& peer, TimePoint now) {
  Bucket& bucket = bucket_of(Key::of(peer));
  std::erase_if(bucket.replacements, [&](const Entry& other) { return other.id == peer; });
  const Entry* entry = find_entry(peer, bucket);
  if (entry == nullptr) return;
  unseat(bucket, static_cast<std::size_t>(entry - bucket.entries.data()));
  promote_replacement(bucket, now);
}

std::vector<RoutingTable::Entry> RoutingTable::closest(const Key& target, std::size_t count) const {
  std::vector<const Entry*> found;
  found.reserve(size_);
  for (const Bucket& bucket : buckets_) {
    for (const Entry& entry : bucket.entries) found.push_back(&entry);
  }
  const auto by_distance = [&](const Entry* a, const Entry* b) {
    return nearer(target, a->key, b->key);
  };
  const auto better = [&](const Entry* a, const Entry* b) {
    if ((a->failures > 0) != (b->failures > 0)) return b->failures > 0;
    return by_distance(a, b);
  };
  const std::size_t kept = std::min(count, found.size());
  const auto end = found.begin() + static_cast<std::ptrdiff_t>(kept);
  std::ranges::partial_sort(found, end, better);
  found.erase(end, found.end());
  std::ranges::sort(found, by_distance);
  std::vector<Entry> out;
  out.reserve(found.size());
  for (const Entry* entry : found) out.push_back(*entry);
  return out;
}

std::vector<RoutingTable::Entry> RoutingTable::all() const {
  std::vector<Entry> out;
  out.reserve(size_);
  for (const Bucket& bucket : buckets_) {
    out.insert(out.end(), bucket.entries.begin(), bucket.entries.end());
  }
  return out;
}

int RoutingTable::value_of(const PeerId& peer) const {
  const Entry* entry = find(peer);
  if (entry == nullptr) return 0;
  return kSeatValue + static_cast<int>(self_.common_prefix(entry->key));
}

std::vector<std::size_t> RoutingTable::stale(TimePoint now) const {
  std::vector<std::size_t> out;
  if (size_ == 0) return out;
  std::size_t deepest = 0;
  for (const Bucket& bucket : buckets_) {
    for (const Entry& entry : bucket.entries) {
      deepest = std::max(deepest, self_.common_prefix(entry.key));
    }
  }
  for (std::size_t prefix = 0; prefix <= std::min(deepest, kMaxRefreshedPrefix); ++prefix) {
    const auto last = looked_up_.find(prefix);
    if (last == looked_up_.end() || now - last->second >= limits_.refresh_interval)
      out.push_back(prefix);
  }
  return out;
}

void RoutingTable::looked_up(const Key& target, TimePoint now) {
  looked_up_[std::min(self_.common_prefix(target), kMaxRefreshedPrefix)] = now;
}

std::optional<PeerId> random_peer_in(const Key& self, std::size_t prefix, Random& random,
                                     std::size_t tries) {
  for (std::size_t i = 0; i < tries; ++i) {
    const Bytes digest = random.bytes(Key::kBytes);
    const Multihash hash = Multihash::wrap(HashCode::sha2_256, digest);
    if (Key::of(hash).common_prefix(self) == prefix) return PeerId::decode(hash.encoded());
  }
  return std::nullopt;
}

}  // namespace shoal::kad
