#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocol/gossipsub/message.h"
#include "protocol/gossipsub/parents.h"
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
/// all further ones. When a peer does not bring what it should, all trees are made anew, and none
/// of them hangs on that peer alone for a time.
class Trees {
 public:
  /// From an announcement until the message is asked for: the copy that is on its way comes first.
  /// Between the two, by how much earlier announcements were so far.
  static constexpr Duration kLeastRepairDelay = 10ms;
  static constexpr Duration kRepairDelay = 60ms;
  /// The same for what a heartbeat's IHAVE tells of.
  static constexpr Duration kGossipDelay = 250ms;
  /// An announcer that was so much earlier than the message is a better way.
  static constexpr Duration kBetterBy = 25ms;
  /// Between two times that all trees are made anew.
  static constexpr Duration kRenewInterval = 5s;

  /// Borrows all for its life.
  Trees(const Parameters& parameters, Peers& peers, PeerScore& score, SeenCache& seen,
        Promises& promises, Random& random, ControlBatch& control);

  bool speaks(const PeerId& peer) const;
  /// Whether `peer` wants ids only.
  bool is_lazy(const PeerId& peer, TreeKey key) const;

  void handle_choke(const PeerId& peer, const TreeMessages& said, TimePoint now);
  /// An id of a topic that is joined, in an announcement or, `gossip`, in an IHAVE.
  void handle_announcement(const PeerId& peer, const std::string& topic, const MessageId& id,
                           bool gossip, TimePoint now);
  /// How many more ids may be taken of the peer before the next heartbeat; counts them.
  std::size_t admit(const PeerId& peer, std::size_t ids);

  void announce(const PeerId& peer, const std::string& topic, const MessageId& id);
  /// A good message that was here before came again from `peer`.
  void duplicate(const PeerId& peer, const MessageId& id, TreeKey key, TimePoint now);
  struct Delivered {
    /// They need no copy.
    std::set<PeerId> announcers{};
    /// It had to be asked for, so that others may miss it as well: they are sent copies at once.
    bool repaired = false;
  };
  /// A good message came first from `from`.
  Delivered delivered(const MessageId& id, const std::string& topic, TreeKey key,
                      const PeerId& from, TimePoint now);
  /// Need not be asked for: it is here, or comes in pieces.
  void settle(const MessageId& id) { repairs_.arrived(id); }

  void disconnected(const PeerId& peer);
  /// Asks for what did not come, unless it comes in pieces.
  void repair(TimePoint now, const Pieces& pieces);
  std::optional<TimePoint> next_due() const;
  std::size_t missing() const { return repairs_.size(); }

 private:
  void choke(const PeerId& peer, TreeKey key);
  void unchoke(const PeerId& peer, TreeKey key);
  bool is_choked(const PeerId& peer, TreeKey key) const;
  bool note_announcers(const Repairs::Announced& announced, const std::string& topic, TreeKey key,
                       const PeerId& from);
  void suspect_parent(const MessageId& id, TreeKey key, const PeerId& from);
  enum class Renewal : std::uint8_t { told, quiet };
  void renew(Renewal how, TimePoint now);
  Repairs::Trust trust(const PeerId& peer) const;

  const Parameters& parameters_;
  Peers& peers_;
  PeerScore& score_;
  SeenCache& seen_;
  Promises& promises_;
  Random& random_;
  ControlBatch& control_;
  Repairs repairs_;
  Parents parents_;
  DelayEstimate leads_{kLeastRepairDelay, kRepairDelay};
  TimePoint now_{};  // of the call
  std::optional<TimePoint> renewed_at_;
};

}  // namespace shoal::gossipsub
