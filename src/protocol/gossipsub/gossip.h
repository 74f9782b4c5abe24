#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "protocol/gossipsub/message_cache.h"
#include "protocol/gossipsub/overlay.h"
#include "protocol/gossipsub/promises.h"
#include "protocol/gossipsub/seen_cache.h"
#include "protocol/gossipsub/trees.h"

namespace shoal::gossipsub {

/// IHAVE, IWANT and IDONTWANT: which messages exist, who wants them, who does not. gossipsub v1.0
/// "Gossip", v1.1 "Spam Protection Measures", v1.2.
class Gossip {
 public:
  /// Borrows all for its life.
  Gossip(const Parameters& parameters, Peers& peers, PeerScore& score, Overlay& overlay,
         SeenCache& seen, Promises& promises, Trees& trees, Random& random, ControlBatch& control);

  void handle_ihave(const PeerId& peer, const std::vector<IHave>& ihave, TimePoint now);
  /// The messages to answer with.
  std::vector<MessagePtr> handle_iwant(const PeerId& peer, const std::vector<MessageId>& ids);
  void handle_idontwant(const PeerId& peer, const std::vector<MessageId>& ids);

  /// Tells the mesh that this message need not be sent here any more; large ones only.
  void announce_unwanted(const StoredMessage& message, const PeerId& from);
  bool is_unwanted(const PeerId& peer, const MessageId& id) const;

  /// While a validator looks at a message, it is not asked of others.
  void begin_validation(const MessageId& id) { in_validation_.insert(id); }
  void end_validation(const MessageId& id) { in_validation_.erase(id); }
  void arrived(const MessageId& id) { promises_.fulfilled(id); }
  void keep(MessagePtr message) { cache_.put(std::move(message)); }
  void disconnected(const PeerId& peer) { promises_.forget(peer); }
  void heartbeat(TimePoint now);

 private:
  bool shall_send(const PeerId& peer, const StoredMessage& message) const;
  bool may_gossip_with(const PeerId& peer) const;
  void emit(const std::string& topic);
  void penalise_broken_promises(TimePoint now);
  void start_new_period();

  const Parameters& parameters_;
  Peers& peers_;
  PeerScore& score_;
  Overlay& overlay_;
  SeenCache& seen_;
  Random& random_;
  ControlBatch& control_;
  Promises& promises_;
  Trees& trees_;
  MessageCache cache_;
  std::set<MessageId> in_validation_;  // as many as are pending at most
};

}  // namespace shoal::gossipsub
