#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <unordered_map>

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
  /// 1666 messages a second for two minutes; the oldest go. An entry takes about 70 bytes.
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

  explicit SeenCache(Duration lifetime) : lifetime_(lifetime) {}

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

  std::size_t size() const { return entries_.size(); }

 private:
  void drop_oldest();

  const Duration lifetime_;
  std::unordered_map<std::uint64_t, Entry> entries_;  // never iterated
  std::deque<std::uint64_t> by_age_;
  std::unordered_map<std::uint64_t, std::set<PeerId>> deliverers_;  // likewise
  std::deque<std::uint64_t> with_deliverers_;                       // oldest first
};

}  // namespace shoal::gossipsub
