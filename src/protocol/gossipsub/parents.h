#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "format/peer_id.h"
#include "protocol/gossipsub/message.h"
#include "protocol/gossipsub/tree_rpc.h"
#include "system/time.h"

namespace shoal::gossipsub {

/// Who brings the messages of each tree, and who did not when it was its turn.
///
/// When a message had to be asked for, or came from who only announces, the peer that brought the
/// one before is under suspicion, and so is everybody who was asked in vain. A copy that comes
/// within kGrace clears a peer: it was only late. Else it is unreliable for a time.
class Parents {
 public:
  /// The one that was used first goes.
  static constexpr std::size_t kMaxTrees = 1024;
  /// Suspicions at once; further ones are dropped.
  static constexpr std::size_t kMaxSuspects = 1024;
  static constexpr Duration kGrace = 100ms;
  static constexpr Duration kDistrust = 1min;

  /// Null when none is known.
  const PeerId* of(TreeKey tree) const;
  void set(TreeKey tree, const PeerId& peer);
  void suspect(const PeerId& peer, const MessageId& id, TimePoint now);
  /// A copy came, though not the first.
  void came(const PeerId& peer, const MessageId& id);
  /// Those whose time to clear themselves is over: unreliable from now on.
  std::vector<PeerId> take_failed(TimePoint now);
  bool is_unreliable(const PeerId& peer, TimePoint now) const;
  void forget(const PeerId& peer);

  std::optional<TimePoint> next_due() const;
  std::size_t size() const { return parents_.size(); }

 private:
  struct Suspect {
    PeerId peer;
    MessageId id;
    TimePoint until;
  };

  std::map<TreeKey, PeerId> parents_;
  std::deque<TreeKey> by_age_;
  std::deque<Suspect> suspects_;
  std::map<PeerId, TimePoint> failed_;  // connected peers only
};

}  // namespace shoal::gossipsub
