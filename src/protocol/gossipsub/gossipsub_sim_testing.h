#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/framing.h"
#include "net/swarm_testing.h"
#include "protocol/gossipsub/gossipsub.h"
#include "protocol/gossipsub/protocol.h"
#include "system/sim/random.h"

namespace shoal::gossipsub::testing {

inline std::vector<std::string> all_protocols() {
  return {kProtocols.begin(), kProtocols.end()};
}

/// A node with gossipsub.
class GossipNode {
 public:
  explicit GossipNode(net::testing::TestNode& its_net, Parameters parameters = {})
      : net(its_net), pubsub(net.system, net.swarm, net.identity, std::move(parameters)) {
    pubsub.start();
  }
  ~GossipNode() { stop(); }
  GossipNode(const GossipNode&) = delete;
  GossipNode& operator=(const GossipNode&) = delete;

  void stop() {
    if (std::exchange(stopped_, true)) return;
    net.host.world().run(pubsub.stop());
  }

  void subscribe(const std::string& topic, SubscribeOptions options = {}) {
    subscription = pubsub.subscribe(topic, std::move(options));
  }
  MessageId publish(const std::string& topic, std::string_view text) {
    return net.host.world().run(pubsub.publish(topic, to_bytes(text)));
  }
  /// All that came since.
  std::vector<std::string> take() {
    std::vector<std::string> out;
    while (auto next = subscription->try_next()) out.emplace_back(as_text(next->data()));
    return out;
  }

  net::testing::TestNode& net;
  Gossipsub pubsub;
  std::unique_ptr<Subscription> subscription;

 private:
  bool stopped_ = false;
};

/// Nodes on hosts of their own. What identify tells in a real node, each knows of the other here.
class GossipNet {
 public:
  GossipNode& add(Parameters parameters = {}, sim::HostOptions host = {}) {
    net::testing::TestNode& node = net.add({}, std::move(host));
    nodes.push_back(std::make_unique<GossipNode>(node, std::move(parameters)));
    return *nodes.back();
  }
  GossipNode& operator[](std::size_t index) { return *nodes.at(index); }

  void connect(GossipNode& a, GossipNode& b, std::vector<std::string> protocols = all_protocols()) {
    a.net.connect(b.net);
    for (auto [one, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
      one->net.swarm.peers().set_protocols(other->net.id, protocols);
      one->pubsub.peer_identified(other->net.id);
    }
  }

  /// A ring, so that all are reached, with `chords` random connections from each.
  void connect_all(std::size_t chords, std::uint64_t seed = 1) {
    sim::SeededRandom random(seed, 99);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      connect(*nodes[i], *nodes[(i + 1) % nodes.size()]);
      for (std::size_t chord = 0; chord < chords; ++chord) {
        const std::size_t other = random.below(nodes.size());
        if (other != i) connect(*nodes[i], *nodes[other]);
      }
    }
  }

  void run_for(Duration duration) { net.world.run_for(duration); }

  net::testing::TestNet net;
  std::vector<std::unique_ptr<GossipNode>> nodes;
};

}  // namespace shoal::gossipsub::testing
