#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "protocol/gossipsub/gossip.h"
#include "protocol/gossipsub/overlay.h"
#include "protocol/gossipsub/parameters.h"
#include "protocol/gossipsub/pending.h"
#include "protocol/gossipsub/score.h"
#include "protocol/gossipsub/seen_cache.h"

namespace shoal::gossipsub {

// What the router asks of its surroundings.

/// No messages in it.
struct SendControl {
  PeerId peer;
  Rpc rpc;
};
struct SendMessage {
  PeerId peer;
  MessagePtr message;
  bool gossip;  // the answer to an IWANT, which is worth less than the mesh's own traffic
};
/// Answer with Router::verified().
struct Verify {
  Ticket ticket;
  MessagePtr message;
  PeerId from;
};
/// Answer with Router::validated().
struct Validate {
  Ticket ticket;
  MessagePtr message;
  PeerId from;
};
struct Deliver {
  MessagePtr message;
  PeerId from;
};
/// Peer exchange or a direct peer. `signed_record` is only claimed; may be empty.
struct Dial {
  PeerId peer;
  Bytes signed_record;
};
using Action = std::variant<SendControl, SendMessage, Verify, Validate, Deliver, Dial>;

struct RouterCounts {
  std::uint64_t delivered = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t rejected = 0;    // bad signature, against the policy, or by a validator
  std::uint64_t ignored = 0;     // by a validator
  std::uint64_t throttled = 0;   // too many were being checked
  std::uint64_t graylisted = 0;  // RPCs of peers below the threshold
};

/// A gossipsub node without streams, clock or tasks: events in, actions out. Time never goes back.
///
///   message --> policy, seen? --> Verify --> IDONTWANT, Validate --> seen, forward, Deliver
///                    |  duplicate   |  bad signature     |  reject, ignore
///                    v              v                    v
///                                score only
class Router {
 public:
  /// Throws Error{usage} for parameters that contradict each other. Borrows `random`. `record_of`
  /// gives the signed record of a peer, for peer exchange; may be empty.
  Router(Parameters parameters, PeerId self, Random& random,
         std::function<Bytes(const PeerId&)> record_of = {});

  /// A peer that speaks `version` can be sent to. `prefix` as in PeerScore::connected().
  void connected(const PeerId& peer, Version version, bool outbound,
                 std::optional<IpAddress> prefix, TimePoint now);
  void disconnected(const PeerId& peer, TimePoint now);
  /// An RPC without its length prefix. Throws Error{malformed}; the peer should be disconnected.
  void receive(const PeerId& peer, ByteView rpc, TimePoint now);

  void verified(Ticket ticket, bool valid, TimePoint now);
  void validated(Ticket ticket, Verdict verdict, TimePoint now);

  /// `validates`: messages are delivered and forwarded only after Validate.
  void join(const std::string& topic, bool validates, TimePoint now);
  void leave(const std::string& topic, TimePoint now);
  /// Of one topic, in place of the parameters' policy; before it is joined.
  void set_policy(const std::string& topic, SignaturePolicy policy) { policies_[topic] = policy; }
  SignaturePolicy policy_of(const std::string& topic) const;
  /// Signed already, as the policy asks. False when a message with its id was here before.
  bool publish(const MessagePtr& message, TimePoint now);

  /// Every heartbeat_interval.
  void heartbeat(TimePoint now);

  std::vector<Action> take_actions();
  std::vector<Membership> take_memberships() { return overlay_.take_memberships(); }

  const Parameters& parameters() const { return parameters_; }
  MessageId id_of(const Message& message) const;
  const RouterCounts& counts() const { return counts_; }
  bool knows(const PeerId& peer) const { return peers_.contains(peer); }
  const Peers& peers() const { return peers_; }
  double score(const PeerId& peer) const { return score_.score(peer); }
  void set_application_score(const PeerId& peer, double score);
  const Overlay& overlay() const { return overlay_; }
  std::size_t pending() const { return pending_.size(); }

 private:
  void receive_subscriptions(const PeerId& peer, const std::vector<SubscriptionChange>& changes);
  void receive_message(const PeerId& from, Message message, TimePoint now);
  void receive_control(const PeerId& peer, const Control& control, TimePoint now);
  void note_duplicate(const PeerId& from, const std::string& topic, SeenCache::Entry& seen,
                      TimePoint now);
  void note_duplicates(const PendingMessages::Entry& entry, SeenCache::Entry& seen, TimePoint now);
  void reject(const PendingMessages::Entry& entry);
  void accept(const PendingMessages::Entry& entry, SeenCache::Entry& seen, TimePoint now);
  void forward(const MessagePtr& message, std::set<PeerId> targets);
  void exchange_peers(const std::vector<ExchangedPeer>& peers);
  void dial_direct_peers();
  void tell_all(const SubscriptionChange& change);

  const Parameters parameters_;
  const PeerId self_;
  Random& random_;
  Peers peers_;
  ControlBatch control_;
  PeerScore score_;
  SeenCache seen_;
  Overlay overlay_;
  Gossip gossip_;
  PendingMessages pending_;
  std::map<std::string, bool> joined_;  // whether it validates
  std::map<std::string, SignaturePolicy> policies_;
  RouterCounts counts_;
  std::uint64_t heartbeats_ = 0;
  std::vector<Action> actions_;
};

}  // namespace shoal::gossipsub
