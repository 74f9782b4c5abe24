#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <unordered_map>

#include "base/keyed_hash.h"
#include "format/peer_id.h"
#include "protocol/gossipsub/message.h"
#include "protocol/gossipsub/tree_rpc.h"
#include "system/time.h"

namespace shoal::gossipsub {

enum class Verdict : std::uint8_t { accept, reject, ignore };

/// Which messages were here before, and what was thought of them, for a time. In that time no
/// message is delivered twice. Ids are known by their keyed hash alone: that a new message has that
/// of one of 200,000 others happens once in 10^14.
class SeenCache {
 public:
  /// 1666 messages a second for two minutes; the oldest go. An entry takes about 45 bytes.
  static constexpr std::size_t kMaxEntries = 200'000;
  /// Peers that count as having delivered one message.
  static constexpr std::size_t kMaxPeersPerMessage = 64;
  /// Time for which they are known.
  static constexpr Duration kDeliverersKept = 5s;

  struct Entry {
    Verdict verdict;
    TimePoint at;
    TreeKey tree = 0;  // by which it spreads
  };

  /// `key`, which others must not know, is that of the hash.
  SeenCache(Duration lifetime, HashKey key) : lifetime_(lifetime), key_(key) {}
  SeenCache(const SeenCache&) = delete;
  SeenCache& operator=(const SeenCache&) = delete;

  /// Must not be in already.
  Entry& add(const MessageId& id, Verdict verdict, TimePoint now);
  /// Null when it is not, or not any more.
  Entry* find(const MessageId& id, TimePoint now);
  void expire(TimePoint now);

  /// Those who have delivered a message that was just added.
  void set_deliverers(const MessageId& id, std::set<PeerId> peers);
  /// Whether this is news: false for one who counts already, and when it is too late or too many
  /// do.
  bool add_deliverer(const MessageId& id, const PeerId& peer);

  std::size_t size() const { return items_.size(); }

 private:
  struct Item {
    std::uint64_t hash;
    Entry entry;
  };
  /// Of items by their place, and of hashes as they are.
  struct SameHash {
    using is_transparent = void;
    using is_avalanching = void;
    const SeenCache* cache;

    std::uint64_t of(std::uint32_t number) const { return cache->at(number).hash; }
    std::uint64_t of(std::uint64_t hash) const { return hash; }
    std::size_t operator()(auto one) const { return of(one); }
    bool operator()(auto one, auto other) const { return of(one) == of(other); }
  };

  const Item& at(std::uint32_t number) const { return items_[number - first_]; }
  Entry* find_hash(std::uint64_t hash);
  void drop_oldest();

  const Duration lifetime_;
  const HashKey key_;
  std::deque<Item> items_;   // oldest first, numbered one by one
  std::uint32_t first_ = 0;  // the oldest one's number
  boost::unordered_flat_set<std::uint32_t, SameHash, SameHash> numbers_{
      0, SameHash{this}, SameHash{this}};                           // never iterated
  std::unordered_map<std::uint64_t, std::set<PeerId>> deliverers_;  // likewise
  std::deque<std::uint64_t> with_deliverers_;                       // oldest first
};

}  // namespace shoal::gossipsub
