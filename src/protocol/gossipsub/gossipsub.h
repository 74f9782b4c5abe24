#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/subscription.h"
#include "crypto/keys.h"
#include "net/swarm/swarm.h"
#include "protocol/gossipsub/inbox.h"
#include "protocol/gossipsub/outbox.h"
#include "protocol/gossipsub/router.h"
#include "system/event.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::gossipsub {

class Subscription;

/// What a topic's messages have to be; at most one of both, and one for each topic. Bad ones cost
/// who sent them (reject) or do not (ignore); neither is delivered or forwarded. Until the answer
/// the message waits; an Error that leaves a validator means ignore.
struct SubscribeOptions {
  std::function<Verdict(const Received&)> validator{};
  std::function<Task<Verdict>(Received)> async_validator{};
  InboxLimits inbox{};
};

struct GossipsubCounts {
  RouterCounts router;
  // Of peers that read too slowly.
  std::uint64_t dropped_messages = 0;
  std::uint64_t dropped_gossip = 0;
  std::uint64_t given_up_peers = 0;
};

/// Publish and subscribe over the swarm's connections: libp2p specs, pubsub, gossipsub v1.1 to
/// v1.3, floodsub. Each peer is written to over one stream, and read from over one that it opened.
class Gossipsub final : public net::ConnectionObserver {
 public:
  /// RPCs that a peer may leave unread before the stream is given up.
  static constexpr Duration kWriteTimeout = 30s;
  static constexpr Duration kValidationTimeout = 30s;
  /// How often a stream to one peer is opened while it stays connected; one that lasted for
  /// kStableLink begins the count anew.
  static constexpr unsigned kMaxStreamAttempts = 4;
  static constexpr Duration kStableLink = 1min;
  static constexpr Duration kReopenDelay = 2s;
  /// Dials of exchanged and direct peers under way, and waiting.
  static constexpr std::size_t kMaxDials = 8;
  static constexpr std::size_t kMaxWaitingDials = 128;
  static constexpr Duration kDialTimeout = 30s;
  /// How long the address in an exchanged record is kept.
  static constexpr Duration kRecordLifetime = 10min;
  /// Signatures of one peer's messages that are verified at once; its stream is not read beyond.
  static constexpr std::size_t kMaxVerifying = 64;

  /// Borrows all for its life. Throws Error{usage} for parameters that contradict each other.
  /// `record_of` gives the signed record of a peer, for peer exchange; without it peers are named
  /// by their ids alone.
  Gossipsub(System& system, net::Swarm& swarm, const crypto::PrivateKey& identity,
            Parameters parameters = {}, std::function<Bytes(const PeerId&)> record_of = {});
  ~Gossipsub() override;

  void start();
  /// Ends all subscriptions. Must have returned before this is destroyed, if it was started.
  Task<void> stop();

  /// What the peer speaks is known now: to be called when identify has its answer.
  void peer_identified(const PeerId& peer);

  /// Own messages do not come back. The subscription must be destroyed before this. Throws
  /// Error{limit} for a topic over kMaxTopicBytes, {usage} for a second validator of a topic.
  std::unique_ptr<Subscription> subscribe(const std::string& topic, SubscribeOptions options = {});

  /// Whether the messages of one topic are signed, in place of the parameters' policy; all peers of
  /// it must agree. Before it is subscribed.
  void set_signature_policy(const std::string& topic, SignaturePolicy policy) {
    router_.set_policy(topic, policy);
  }

  /// Hands the message to the peers known now; does not need a subscription. Throws Error{limit}
  /// when it does not fit into an RPC, and {exists} when a message with its id was here before.
  Task<MessageId> publish(std::string topic, Bytes data);
  /// The same, with the message as it was sent.
  Task<MessagePtr> publish_message(std::string topic, Bytes data);

  const Router& router() const { return router_; }
  GossipsubCounts counts() const;
  /// Peers that said they are in a topic: those connected now. Told of changes in order, also in
  /// topics that this node is not in.
  std::vector<PeerId> peers_of(const std::string& topic) const;
  Subscribers<const Membership&>& memberships() { return memberships_; }
  /// Whether nothing waits to be written to this peer, pieces of own messages included.
  bool is_drained(const PeerId& peer) const;
  bool is_started() const { return started_; }
  /// P5 of the score.
  void set_application_score(const PeerId& peer, double score);

  void connected(net::Connection& connection) override;
  void disconnected(net::Connection& connection) override;

 private:
  friend class Subscription;
  struct Link;
  struct Topic;
  class Reading;
  struct Verifying {
    Ticket ticket;
    std::optional<bool> valid{};
  };

  // Streams: streams.cpp.
  void link_to(const PeerId& peer);
  void begin_link(const PeerId& peer, const std::string& protocol);
  Task<void> run_link(PeerId peer);
  Task<void> link_again(PeerId peer);
  void end_link(const PeerId& peer);
  Task<void> write_to(PeerId peer);
  Task<void> write_all_rpcs(Stream& stream, Link& link);
  Task<void> watch_for_end(Stream& stream, PeerId peer);
  Task<void> read_from(net::ProtocolStream stream);
  Task<void> read_rpcs(Stream& stream, PeerId peer);
  bool is_verifying_enough(const PeerId& peer) const;
  void send_control(const PeerId& peer, Rpc rpc);
  void push(const PeerId& peer, Outbox::Kind kind, SharedBytes rpc);

  // Actions of the router.
  void act();
  void perform(Action action);
  Task<void> verify(Ticket ticket, MessagePtr message, PeerId from);
  Task<void> verify_manifest(ManifestKey key, std::shared_ptr<const Manifest> manifest);
  void arm_tick();
  Task<void> tick_later(TimePoint due);
  void begin_verifying(const Verify& check);
  void validate(const Validate& check);
  Task<void> validate_async(Ticket ticket, Received received);
  void deliver(const Deliver& delivery);
  void dial(Dial wanted);
  Task<void> run_dials();
  Task<void> run_dial(Dial wanted);

  Task<void> beat();
  void expect_mesh_traffic();
  void unsubscribe(const Subscription& subscription);

  System& system_;
  net::Swarm& swarm_;
  const crypto::PrivateKey& identity_;
  Router router_;
  std::map<std::string, Topic> topics_;
  std::map<PeerId, std::unique_ptr<Link>> links_;
  std::map<PeerId, unsigned> attempts_;                // streams opened to those connected
  std::map<PeerId, Stream*> inbound_;                  // the one that is read
  std::map<PeerId, std::deque<Verifying>> verifying_;  // in the order in which they came
  Subscribers<const Membership&> memberships_;
  std::deque<Dial> waiting_dials_;
  std::size_t dials_ = 0;
  std::uint64_t next_seqno_;
  Event verified_;
  GossipsubCounts counts_;
  bool started_ = false;
  bool stopped_ = false;
  bool acting_ = false;
  std::optional<TimePoint> tick_at_;
  std::size_t readers_ = 0;  // streams of peers that are read
  Event idle_;
  TaskGroup tasks_;
};

/// One subscriber of one topic. The node leaves the topic with the last.
class Subscription {
 public:
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  const std::string& topic() const { return topic_; }
  /// The next message; none once Gossipsub has stopped. Cancellable.
  Task<std::optional<Received>> next() { return inbox_.next(); }
  /// Returns when there may be a message, after wake(), or at the end.
  Task<void> wait() { return inbox_.wait(); }
  void wake() { inbox_.wake(); }
  bool ended() const { return inbox_.ended(); }
  std::optional<Received> try_next() { return inbox_.try_next(); }
  /// Messages that were dropped because nobody took them.
  std::uint64_t missed() const { return inbox_.missed(); }

 private:
  friend class Gossipsub;
  Subscription(Gossipsub& owner, std::string topic, InboxLimits limits);

  Gossipsub& owner_;
  const std::string topic_;
  Inbox inbox_;
};

}  // namespace shoal::gossipsub
