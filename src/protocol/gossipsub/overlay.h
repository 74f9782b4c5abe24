#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "protocol/gossipsub/backoff.h"
#include "protocol/gossipsub/parameters.h"
#include "protocol/gossipsub/peers.h"
#include "protocol/gossipsub/score.h"

namespace shoal::gossipsub {

/// A peer says that it is in a topic, or is not any more.
struct Membership {
  std::string topic;
  PeerId peer;
  bool joined;
  bool operator==(const Membership&) const = default;
};

/// Who is in which topic, and over whom messages of it go: the meshes of joined topics, and the
/// fanout of those that are only published to. gossipsub v1.0 "Topic membership" and v1.1.
class Overlay {
 public:
  /// Topics that only others are in; further ones are not known here.
  static constexpr std::size_t kMaxForeignTopics = 16 * 1024;
  /// Peers that a full mesh did not take, which messages are sent to as well.
  static constexpr std::size_t kMaxTurnedAway = 6;

  struct Topic {
    bool joined = false;
    std::set<PeerId> subscribers;
    /// Those of them that have no mesh, and those that we dialled. Kept apart so that what is done
    /// for a message or in a heartbeat does not grow with the number of those who came to us.
    std::set<PeerId> meshless;
    std::set<PeerId> outbound;
    std::set<PeerId> mesh;
    std::set<PeerId> fanout;
    /// Outside of the mesh, with the extension "trees", and dialled from here: attackers who crowd
    /// into meshes cannot take their place.
    std::set<PeerId> dialled;
    TimePoint last_publish{};
    /// With the extension "trees", and not taken into the mesh because it was full: in a topic of
    /// two dozen the last to come would else have no mesh with the first.
    std::set<PeerId> turned_away;
  };

  /// Borrows all for its life. `record_of` gives the signed record of a peer, for peer exchange.
  Overlay(const Parameters& parameters, Peers& peers, PeerScore& score, Random& random,
          ControlBatch& control, std::function<Bytes(const PeerId&)> record_of);

  const std::map<std::string, Topic>& topics() const { return topics_; }
  /// Null when nobody is in it.
  const Topic* find(const std::string& topic) const;
  bool is_joined(const std::string& topic) const;
  bool in_any_mesh(const PeerId& peer) const;

  void subscribed(const PeerId& peer, const std::string& topic);
  void unsubscribed(const PeerId& peer, const std::string& topic);
  /// Before the peer is taken out of Peers.
  void disconnected(const PeerId& peer);
  /// What changed since the last time, in order.
  std::vector<Membership> take_memberships() { return std::exchange(memberships_, {}); }

  void join(const std::string& topic, TimePoint now);
  void leave(const std::string& topic, TimePoint now);

  void handle_graft(const PeerId& peer, const std::string& topic, TimePoint now);
  /// Whether peers that it names may be dialled.
  bool handle_prune(const PeerId& peer, const Prune& prune, TimePoint now);

  /// Who is sent a message of `topic`; `own`: published here.
  std::set<PeerId> targets(const std::string& topic, bool own, TimePoint now);
  /// Adds who else is sent messages that spread by trees.
  void add_others(const std::string& topic, std::set<PeerId>& targets) const;
  /// Whom gossip about `topic` goes to this time.
  std::vector<PeerId> gossip_targets(const std::string& topic);

  void heartbeat(TimePoint now);
  std::size_t backoffs() const { return backoffs_.size(); }

 private:
  using Filter = std::function<bool(const PeerId&)>;

  void maintain_mesh(const std::string& name, Topic& topic, TimePoint now);
  void prune_negative(const std::string& name, Topic& topic, TimePoint now);
  void fill(const std::string& name, Topic& topic, TimePoint now);
  void cut(const std::string& name, Topic& topic, TimePoint now);
  void add_outbound(const std::string& name, Topic& topic, TimePoint now);
  void graft_better(const std::string& name, Topic& topic, TimePoint now);
  void maintain_dialled(Topic& topic);
  void turn_away(Topic& topic, const PeerId& peer);
  void maintain_fanout(Topic& topic, TimePoint now);

  void graft(const std::string& name, Topic& topic, const PeerId& peer, TimePoint now);
  void prune(const std::string& name, Topic& topic, const PeerId& peer, Duration backoff,
             bool exchange, TimePoint now);
  void refuse_graft(const PeerId& peer, const std::string& name, bool exchange, TimePoint now);
  Prune make_prune(const PeerId& peer, const std::string& name, Duration backoff, bool exchange);

  /// At most `count` peers of the topic that have a mesh and fit, in random order.
  std::vector<PeerId> pick(const Topic& topic, std::size_t count, const Filter& fits);
  /// The same of those that we dialled.
  std::vector<PeerId> pick_outbound(const Topic& topic, std::size_t count, const Filter& fits);
  std::vector<PeerId> pick_of(const std::set<PeerId>& peers, const Topic& topic, std::size_t count,
                              const Filter& fits);
  /// Whether this node may graft it now.
  bool may_graft(const std::string& name, const Topic& topic, const PeerId& peer, TimePoint now);
  std::size_t count_outbound(const std::set<PeerId>& peers) const;
  bool is_direct(const PeerId& peer) const { return parameters_.direct_peers.contains(peer); }
  bool speaks_mesh(const PeerId& peer) const { return has_mesh(peers_.at(peer).version); }
  static void forget(Topic& topic, const PeerId& peer);
  void drop_if_empty(const std::string& name);

  const Parameters& parameters_;
  Peers& peers_;
  PeerScore& score_;
  Random& random_;
  ControlBatch& control_;
  const std::function<Bytes(const PeerId&)> record_of_;
  std::map<std::string, Topic> topics_;
  Backoffs backoffs_;
  std::vector<Membership> memberships_;
  std::uint64_t heartbeats_ = 0;
};

}  // namespace shoal::gossipsub
