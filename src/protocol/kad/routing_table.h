#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "format/peer_id.h"
#include "protocol/kad/ip_group.h"
#include "protocol/kad/key.h"
#include "protocol/kad/message.h"
#include "system/random.h"
#include "system/time.h"

namespace shoal::kad {

struct TableLimits {
  std::size_t bucket_size = kReplication;
  /// Peers of one IP group: in a bucket, and in a table of fewer than kLargeTable peers.
  std::size_t per_group_and_bucket = 2;
  std::size_t per_group = 3;
  /// In larger tables one of so many peers at most.
  std::size_t one_in = 100;
  /// After so long without a lookup a prefix is stale.
  Duration refresh_interval = 10min;
  /// Local addresses count for no group: the table of a LAN.
  bool exempt_local = false;
};

/// The peers that lookups start from and that answers name, by the length of the prefix that their
/// keys share with ours (libp2p specs, kad-dht). Buckets unfold from the last one as they fill.
///
/// Peer ids cost nothing, so a seat has to be hard to win: who is useful keeps it for as long as it
/// is, no IP group holds more than a few, and newcomers wait among the replacements of their bucket
/// until one fails or has long been of no use. Sans-I/O; the same calls give the same table.
class RoutingTable {
 public:
  static constexpr std::size_t kReplacements = 8;  // for each bucket
  /// From so many peers on, no IP group holds more than its share (TableLimits::one_in).
  static constexpr std::size_t kLargeTable = 50;
  static constexpr std::uint32_t kMaxFailures = 3;  // in a row, when nobody is there to replace it
  static constexpr Duration kUselessAfter = 1h;
  /// Longer prefixes are not refreshed: a random id in them is expensive to find, and the lookup of
  /// our own id covers them.
  static constexpr std::size_t kMaxRefreshedPrefix = 15;

  struct Entry {
    PeerId id;
    Key key;
    IpGroup group;
    TimePoint added;
    std::optional<TimePoint> last_useful;
    Duration round_trip{};       // smoothed; zero before the first
    std::uint32_t failures = 0;  // since it was last useful

    bool operator==(const Entry&) const = default;
  };

  explicit RoutingTable(const Key& self, TableLimits limits = {});

  const Key& self() const { return self_; }
  std::size_t size() const { return size_; }
  std::size_t bucket_count() const { return buckets_.size(); }

  /// A peer that serves the DHT, reached at an address of `group`. Whether it has a seat now; else
  /// it may have become a replacement. One that is there already keeps its seat and its group.
  bool offer(const PeerId& peer, const IpGroup& group, TimePoint now);
  /// It answered a query, after `round_trip`.
  void useful(const PeerId& peer, Duration round_trip, TimePoint now);
  /// It could not be reached or did not answer. Not to be called while we are offline ourselves.
  void failed(const PeerId& peer, TimePoint now);
  /// It serves the DHT no longer, or did harm.
  void remove(const PeerId& peer, TimePoint now);

  /// Null when it has no seat; valid until the next change.
  const Entry* find(const PeerId& peer) const;
  /// At most `count`, nearest first. Those that failed last only where others are too few.
  std::vector<Entry> closest(const Key& target, std::size_t count) const;
  /// In order of their buckets.
  std::vector<Entry> all() const;

  /// What a connection to it is worth, for the tags of the connection manager: 0 without a seat,
  /// more the nearer it is, as there are fewer of those.
  int value_of(const PeerId& peer) const;

  /// Prefixes, from 0 to the longest of any peer here, that nothing was looked up in for
  /// TableLimits::refresh_interval.
  std::vector<std::size_t> stale(TimePoint now) const;
  /// A lookup of `target` has ended.
  void looked_up(const Key& target, TimePoint now);

 private:
  struct Bucket {
    std::vector<Entry> entries;
    std::deque<Entry> replacements;  // oldest first
  };

  std::size_t index_of(const Key& key) const;
  Bucket& bucket_of(const Key& key) { return buckets_[index_of(key)]; }
  Entry* find_entry(const PeerId& peer, Bucket& bucket);
  bool counts(const IpGroup& group) const;
  bool is_diverse(const Bucket& bucket, const IpGroup& group) const;
  std::size_t most_of_group() const;
  void enforce_share();
  void unfold();
  bool can_unfold(const Bucket& bucket) const;
  void seat(Bucket& bucket, Entry entry);
  void unseat(Bucket& bucket, std::size_t position);
  std::optional<std::size_t> yielding(const Bucket& bucket, const IpGroup& group,
                                      TimePoint now) const;
  void keep_replacement(Bucket& bucket, Entry entry);
  bool promote_replacement(Bucket& bucket, TimePoint now);

  const Key self_;
  const TableLimits limits_;
  std::vector<Bucket> buckets_;
  std::map<IpGroup, std::size_t> groups_;
  std::map<std::size_t, TimePoint> looked_up_;  // by prefix
  std::size_t size_ = 0;
};

/// A peer id whose key shares exactly `prefix` bits with `self`, to look up: what goes over the
/// wire is hashed, so one has to be searched for. None after `tries`; it takes 2^(prefix + 1) on
/// average.
std::optional<PeerId> random_peer_in(const Key& self, std::size_t prefix, Random& random,
                                     std::size_t tries);

}  // namespace shoal::kad
