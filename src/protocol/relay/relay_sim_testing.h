#pragma once

#include <memory>
#include <vector>

#include "net/swarm/swarm_sim_testing.h"
#include "protocol/relay/client.h"
#include "protocol/relay/server.h"
#include "protocol/relay/transport.h"

namespace shoal::relay::testing {

using net::testing::TestNet;
using net::testing::TestNode;

/// A node that takes and makes circuits. Stops the swarm before its own parts go.
struct Member {
  explicit Member(TestNode& its_node)
      : node(its_node),
        up(node.system.clock, 0),
        down(node.system.clock, 0),
        upgrader(node.system, node.identity, net::Bandwidth{up, down}),
        client(node.system, node.swarm) {
    node.swarm.add_transport(make_circuit_transport(node.swarm, client, upgrader));
    node.swarm.listen(circuit_listen_address());
  }
  ~Member() {
    node.host.world().run(client.stop());
    node.stop();
  }

  TestNode& node;
  RateLimit up;
  RateLimit down;
  net::Upgrader upgrader;
  Client client;
};

/// A relay, and members that have no other way to each other.
class RelayNet {
 public:
  explicit RelayNet(ServerLimits limits = {})
      : relay(net.add()),
        server(std::make_unique<Server>(relay.system, relay.swarm, relay.identity, limits)) {}
  ~RelayNet() {
    members_.clear();
    relay.stop();
  }

  Member& add() {
    members_.push_back(std::make_unique<Member>(net.add()));
    members_.back()->node.knows(relay);
    return *members_.back();
  }
  /// Whom others can reach through the relay, from its return on.
  Member& add_reserved() {
    Member& out = add();
    out.client.keep(relay.id);
    net.world.run_while_not([&] { return out.client.is_reserved_at(relay.id); });
    return out;
  }
  Multiaddr circuit() const {
    return relay.address().with_peer(relay.id).encapsulate(circuit_listen_address());
  }
  void connect(Member& from, Member& to) {
    from.node.knows(to.node.id, circuit());
    net.world.run(from.node.swarm.connect(to.node.id));
  }

  TestNet net;
  TestNode& relay;
  std::unique_ptr<Server> server;

 private:
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace shoal::relay::testing
