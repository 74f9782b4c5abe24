#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "protocol/gossipsub/actions.h"
#include "protocol/gossipsub/gossip.h"
#include "protocol/gossipsub/overlay.h"
#include "protocol/gossipsub/parameters.h"
#include "protocol/gossipsub/pending.h"
#include "protocol/gossipsub/pieces.h"
#include "protocol/gossipsub/promises.h"
#include "protocol/gossipsub/score.h"
#include "protocol/gossipsub/seen_cache.h"
#include "protocol/gossipsub/trees.h"

namespace shoal::gossipsub {

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
  /// gives the signed record of a peer, for peer exchange; may be empty. `seen_key` is random where
  /// others may want two messages to be taken for one: see SeenCache.
  Router(Parameters parameters, PeerId self, Random& random,
         std::function<Bytes(const PeerId&)> record_of = {}, HashKey seen_key = {});

  /// A peer that speaks `version` can be sent to. `prefix` as in PeerScore::connected().
  void connected(const PeerId& peer, Version version, bool outbound,
                 std::optional<IpAddress> prefix, TimePoint now);
  void disconnected(const PeerId& peer, TimePoint now);
  /// An RPC without its length prefix. Throws Error{malformed}; the peer should be disconnected.
  void receive(const PeerId& peer, ByteView rpc, TimePoint now);

  void verified(Ticket ticket, bool valid, TimePoint now);
  void manifest_verified(ManifestKey key, bool valid, TimePoint now);
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
  /// When tick() is to be called, if at all; earlier than before perhaps, after any other call.
  std::optional<TimePoint> next_due() const;
  void tick(TimePoint now);
  /// Whether an own message of this size goes in pieces and needs a manifest.
  bool goes_in_pieces(const std::string& topic, std::size_t data_bytes) const;

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
  const Trees& trees() const { return trees_; }
  const Pieces& pieces() const { return pieces_; }

 private:
  void receive_subscriptions(const PeerId& peer, const std::vector<SubscriptionChange>& changes);
  void receive_message(const PeerId& from, Message message, TimePoint now);
  void receive_control(const PeerId& peer, const Control& control, TimePoint now);
  void receive_trees(const PeerId& peer, const TreeMessages& said, TimePoint now);
  void receive_announcements(const PeerId& peer, const Announcement& said, TimePoint now);
  void receive_manifest(const PeerId& peer, const Bytes& encoded, TimePoint now);
  void receive_whole(const Pieces::Whole& whole, TimePoint now);
  bool uses_trees(const std::string& topic) const;
  bool is_here(const MessageId& id, TimePoint now);
  void note_duplicate(const PeerId& from, const std::string& topic, const MessageId& id,
                      SeenCache::Entry& seen, TimePoint now);
  void refuse_invalid(const PendingMessages::Entry& entry);
  void note_duplicates(const PendingMessages::Entry& entry, SeenCache::Entry& seen, TimePoint now);
  void reject(const PendingMessages::Entry& entry);
  void accept(const PendingMessages::Entry& entry, SeenCache::Entry& seen, TimePoint now);
  /// `tree`: whose peers that want ids get ids; 0 for copies to all.
  void forward(const MessagePtr& message, TreeKey tree, std::set<PeerId> targets);
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
  Promises promises_;
  std::vector<Action> actions_;
  Trees trees_;
  Pieces pieces_;
  Gossip gossip_;
  PendingMessages pending_;
  std::map<std::string, bool> joined_;  // whether it validates
  std::map<std::string, SignaturePolicy> policies_;
  RouterCounts counts_;
  std::uint64_t heartbeats_ = 0;
};

}  // namespace shoal::gossipsub
