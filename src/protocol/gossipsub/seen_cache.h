#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <set>

#include "format/peer_id.h"
#include "protocol/gossipsub/message.h"
#include "protocol/gossipsub/tree_rpc.h"
#include "system/time.h"

namespace shoal::gossipsub {

enum class Verdict : std::uint8_t { accept, reject, ignore };

/// Which messages were here before, and what was thought of them, for a time. In that time no
/// message is delivered twice.
class SeenCache {
 public:
  /// 1666 messages a second for two minutes; the oldest go. An entry takes about 200 bytes.
  static constexpr std::size_t kMaxEntries = 200'000;
  /// Peers that count as having delivered one message.
  static constexpr std::size_t kMaxPeersPerMessage = 64;

  struct Entry {
    Verdict verdict;
    TimePoint at;
    std::set<PeerId> delivered_by{};
    TreeKey tree = 0;  // by which it spreads
  };

  explicit SeenCache(Duration lifetime) : lifetime_(lifetime) {}

  /// Must not be in already.
  Entry& add(const MessageId& id, Verdict verdict, TimePoint now);
  /// Null when it is not, or not any more.
  Entry* find(const MessageId& id, TimePoint now);
  void expire(TimePoint now);

  std::size_t size() const { return entries_.size(); }

 private:
  void drop_oldest();

  const Duration lifetime_;
  std::map<MessageId, Entry> entries_;
  std::deque<std::map<MessageId, Entry>::iterator> by_age_;
};

}  // namespace shoal::gossipsub
