#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "format/peer_id.h"
#include "system/time.h"

namespace shoal::gossipsub {

/// Until when a peer and this node must not graft each other in a topic: gossipsub v1.1, "Prune
/// Backoff and Peer Exchange".
class Backoffs {
 public:
  /// All together; the one that ends first goes.
  static constexpr std::size_t kMaxEntries = 64 * 1024;
  /// What a peer may demand at most.
  static constexpr Duration kMaxBackoff = 1h;
  /// Own grafts wait this much longer, as clocks and messages take their time.
  static constexpr Duration kSlack = 2s;

  /// Never shortens one.
  void add(const std::string& topic, const PeerId& peer, TimePoint until);
  /// None when there is none, or it has ended kSlack ago.
  std::optional<TimePoint> until(const std::string& topic, const PeerId& peer, TimePoint now) const;
  bool blocks_own_graft(const std::string& topic, const PeerId& peer, TimePoint now) const {
    return until(topic, peer, now).has_value();
  }
  void expire(TimePoint now);

  std::size_t size() const { return ends_.size(); }

 private:
  using Key = std::pair<std::string, PeerId>;
  std::map<Key, TimePoint> ends_;
  std::set<std::pair<TimePoint, Key>> by_end_;
};

}  // namespace shoal::gossipsub
