#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/subscription.h"
#include "crypto/keys.h"
#include "net/swarm/swarm.h"
#include "protocol/gossipsub/gossipsub.h"
#include "routing/routing.h"
#include "service/topic_search.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::service {

class Topic;

struct TopicOptions {
  /// Hears what others say, and forwards it. Else this node only publishes.
  bool subscribe = true;
  gossipsub::SubscribeOptions subscription = {};
  /// All members must agree. Of those who open a topic here, the last one decides.
  gossipsub::SignaturePolicy signatures = gossipsub::SignaturePolicy::strict_sign;
};

struct TopicStatus {
  std::string name;
  std::size_t peers = 0;
  bool joined = false;
};

/// The topics of a node: gossipsub, with peers of each topic found through routing. Does nothing,
/// and speaks no protocol, before the first topic is opened.
class Topics {
 public:
  /// What a peer that is in a topic with us is worth to the connection manager.
  static constexpr std::int32_t kTagValue = 20;
  /// Those that others are in which status() names.
  static constexpr std::size_t kMaxForeignNamed = 256;

  /// Borrows all for its life; stop() must have returned before it is destroyed.
  Topics(System& system, net::Swarm& swarm, routing::Routing& routing,
         const crypto::PrivateKey& identity);
  ~Topics();

  /// Identify has told what `peer` speaks.
  void identified(const PeerId& peer) { pubsub_.peer_identified(peer); }
  /// Every Topic must have been destroyed, or be unused from now on.
  Task<void> stop();

  /// Must be destroyed before this. Throws Error{limit} for too long a name, {usage} for a second
  /// validator of a topic.
  std::unique_ptr<Topic> open(std::string name, TopicOptions options = {});

  /// Those that are open here, then those that connected peers are in, in order of their names.
  std::vector<TopicStatus> status() const;
  gossipsub::Gossipsub& pubsub() { return pubsub_; }
  /// Called when status() may have changed.
  Subscription when_changed(std::function<void()> callback) {
    return changed_.add(std::move(callback));
  }

 private:
  friend class Topic;

  struct Open {
    std::size_t users = 0;  // Topics
    std::unique_ptr<TopicSearch> search;
  };
  /// Whether its peers find this node, as well as the name.
  using Key = std::pair<std::string, bool>;

  void acquire(const Key& key);
  void release(const Key& key);
  Task<void> end_search(TopicSearch& search);
  void membership_changed(const gossipsub::Membership& change);
  bool is_open(const std::string& name) const;
  void retag(const PeerId& peer);

  System& system_;
  net::Swarm& swarm_;
  routing::Routing& routing_;
  gossipsub::Gossipsub pubsub_;
  std::map<Key, Open> open_;
  std::list<std::unique_ptr<TopicSearch>> ending_;
  std::set<PeerId> tagged_;
  Subscribers<> changed_;
  Subscription memberships_;
  bool stopped_ = false;
  TaskGroup tasks_;
};

/// One topic that somebody uses. Belongs to the event loop.
class Topic {
 public:
  static constexpr Duration kConfirmTime = 5s;

  ~Topic();
  Topic(const Topic&) = delete;
  Topic& operator=(const Topic&) = delete;

  const std::string& name() const { return name_; }
  /// The other peers of the topic that are connected, in order of their ids.
  std::vector<PeerId> peers() const { return owner_.pubsub().peers_of(name_); }

  /// The next message of somebody else; none at the end of the node. Only when subscribed.
  Task<std::optional<gossipsub::Received>> next();
  std::optional<gossipsub::Received> try_next();
  /// Messages that were dropped because nobody took them.
  std::uint64_t missed() const { return subscription_ ? subscription_->missed() : 0; }
  /// Returns when there may be a message or a change of peers, or at the end of the node.
  Task<void> wait();
  /// Makes wait() return.
  void wake();
  bool ended() const;

  /// As Gossipsub::publish().
  Task<gossipsub::MessageId> publish(Bytes data);
  Task<gossipsub::MessagePtr> publish_message(Bytes data);
  /// Returns, with the number of peers that have received all that was published before. Does not
  /// wait longer than kConfirmTime for one that does not answer.
  Task<std::size_t> confirm();

  /// Called when a peer joins or leaves.
  Subscription when_peer(std::function<void(const PeerId&, bool joined)> callback) {
    return peer_changed_.add(std::move(callback));
  }

 private:
  friend class Topics;
  Topic(Topics& owner, std::string name, TopicOptions options);
  void membership_changed(const gossipsub::Membership& change);
  Task<void> confirm_one(PeerId peer, std::size_t& confirmed);

  Topics& owner_;
  const std::string name_;
  const Topics::Key key_;
  std::unique_ptr<gossipsub::Subscription> subscription_;
  Event changed_;
  Subscribers<const PeerId&, bool> peer_changed_;
  Subscription memberships_;
};

}  // namespace shoal::service
