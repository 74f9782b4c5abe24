#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocol/gossipsub/message.h"
#include "protocol/gossipsub/peers.h"
#include "protocol/gossipsub/pieces.h"
#include "protocol/gossipsub/promises.h"
#include "protocol/gossipsub/repairs.h"
#include "protocol/gossipsub/score.h"
#include "protocol/gossipsub/seen_cache.h"

namespace shoal::gossipsub {

/// The tree of a signed message; 0 for one without author, which spreads as in gossipsub 1.2.
TreeKey tree_of(const Message& message);

/// Trees in the mesh, for peers that speak the extension: docs/gossipsub-trees.md.
///
/// Messages of one author take the same fastest ways through the mesh each time. A peer whose copy
/// comes second is choked for that author: it sends ids instead, at once. An id without its message
/// means that the tree is broken or slow above: the message is asked for, and whoever has it sends
/// all further ones.
class Trees {
 public:
  /// From an announcement until the message is asked for: the copy that is on its way comes first.
  static constexpr Duration kRepairDelay = 60ms;
  /// The same for what a heartbeat's IHAVE tells of.
  static constexpr Duration kGossipDelay = 250ms;
  /// An announcer that was so much earlier than the message is a better way.
  static constexpr Duration kBetterBy = 25ms;

  /// Borrows all for its life.
  Trees(const Parameters& parameters, Peers& peers, PeerScore& score, SeenCache& seen,
        Promises& promises, Random& random, ControlBatch& control);

  bool speaks(const PeerId& peer) const;
  /// Whether `peer` wants ids only.
  bool is_lazy(const PeerId& peer, TreeKey key) const;

  void handle_choke(const PeerId& peer, const TreeMessages& said);
  /// An id of a topic that is joined. `due` as in Repairs.
  void handle_announcement(const PeerId& peer, const std::string& topic, const MessageId& id,
                           TimePoint now, TimePoint due);
  /// How many more ids may be taken of the peer before the next heartbeat; counts them.
  std::size_t admit(const PeerId& peer, std::size_t ids);

  void announce(const PeerId& peer, const std::string& topic, const MessageId& id);
  /// A good message that was here before came again from `peer`.
  void duplicate(const PeerId& peer, TreeKey key);
  /// A good message came first from `from`. Those who announced it, who need no copy.
  std::set<PeerId> delivered(const MessageId& id, const std::string& topic, TreeKey key,
                             const PeerId& from, TimePoint now);
  /// Need not be asked for: it is here, or comes in pieces.
  void settle(const MessageId& id) { repairs_.arrived(id); }

  void disconnected(const PeerId& peer) { repairs_.forget(peer); }
  /// Asks for what did not come, unless it comes in pieces.
  void repair(TimePoint now, const Pieces& pieces);
  std::optional<TimePoint> next_due() const { return repairs_.next_due(); }
  std::size_t missing() const { return repairs_.size(); }

 private:
  void unchoke(const PeerId& peer, TreeKey key);

  const Parameters& parameters_;
  Peers& peers_;
  PeerScore& score_;
  SeenCache& seen_;
  Promises& promises_;
  Random& random_;
  ControlBatch& control_;
  Repairs repairs_;
};

}  // namespace shoal::gossipsub
