#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/swarm/swarm_sim_testing.h"

namespace shoal::net {
namespace {

using testing::ask;
using testing::code_of;
using testing::echo;
using testing::failure_of;
using testing::kEcho;
using testing::key_of;
using testing::TestNet;
using testing::TestNode;

/// Listens on nothing, but says so with an "any" address.
class QuietListener final : public TransportListener {
 public:
  QuietListener(Clock& clock, Multiaddr address) : clock_(clock), address_(std::move(address)) {}
  Multiaddr address() const override { return address_; }
  Task<std::unique_ptr<Incoming>> accept() override {
    co_await clock_.sleep_for(24h);
    throw Error(ErrorCode::closed, "nobody came");
  }

 private:
  Clock& clock_;
  const Multiaddr address_;
};

/// Takes addresses behind a relay and dials the relay itself, which is the peer; listens on QUIC.
class DetourTransport final : public Transport {
 public:
  explicit DetourTransport(TestNode& node) : node_(node) {}

  bool handles(const Multiaddr& address) const override {
    return address.has(AddressCode::p2p_circuit) || address.has(AddressCode::quic_v1);
  }
  Task<Link> dial(Multiaddr address, PeerId peer, DialAs /*as*/) override {
    const Multiaddr relay = address.decapsulate(Multiaddr::parse("/p2p-circuit"));
    const auto endpoint = relay.tcp_endpoint();
    std::unique_ptr<HostStream> stream = co_await node_.system.network.connect(*endpoint);
    Multiaddr local = Multiaddr::tcp(stream->local());
    co_return co_await node_.upgrader.outbound(std::move(stream), std::move(peer), std::move(local),
                                               std::move(address));
  }
  std::unique_ptr<TransportListener> listen(const Multiaddr& address) override {
    return std::make_unique<QuietListener>(node_.system.clock, address);
  }

 private:
  TestNode& node_;
};

class SwarmPaths : public ::testing::Test {
 protected:
  SwarmPaths() {
    a.swarm.add_transport(std::make_unique<DetourTransport>(a));
    b.swarm.protocols().add(kEcho, echo);
    a.knows(b.id, b.address().with_peer(relay).encapsulate(Multiaddr::parse("/p2p-circuit")));
  }

  ConnectionId dial(DialOptions options) { return net.world.run(a.swarm.dial(b.id, options)); }
  Path best_path() { return a.swarm.best(b.id)->path(); }

  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  const PeerId relay = PeerId::from_public_key(key_of(77).public_key());
};

TEST_F(SwarmPaths, a_direct_connection_is_preferred_to_a_relayed_one) {
  const ConnectionId relayed = dial({});
  EXPECT_EQ(best_path(), Path::relay);
  a.knows(b);
  EXPECT_EQ(dial({}), relayed);
  const ConnectionId direct = dial({.force_direct = true});
  EXPECT_NE(direct, relayed);
  EXPECT_EQ(best_path(), Path::direct);
  EXPECT_EQ(dial({}), direct);
  net.world.run_for(40s);
  EXPECT_EQ(a.swarm.find(relayed), nullptr);
  EXPECT_EQ(best_path(), Path::direct);
}

TEST_F(SwarmPaths, streams_take_only_direct_paths_when_asked) {
  dial({});
  const auto open = [&] {
    return net.world.run(failure_of(a.swarm.open(b.id, {kEcho}, {.direct_only = true})));
  };
  EXPECT_EQ(code_of(open()), ErrorCode::unreachable);
  a.knows(b);
  EXPECT_FALSE(open().has_value());
  EXPECT_EQ(best_path(), Path::direct);
}

TEST_F(SwarmPaths, any_addresses_of_all_transports_are_listed) {
  a.swarm.listen(Multiaddr::parse("/ip4/0.0.0.0/udp/4001/quic-v1"));
  const Multiaddr expected =
      Multiaddr::parse("/ip4/" + a.host.address().to_string() + "/udp/4001/quic-v1");
  EXPECT_THAT(a.swarm.listen_addresses(), ::testing::Contains(expected));
}

TEST_F(SwarmPaths, dnsaddr_leads_to_a_peer) {
  TestNode& c = net.add();
  net.world.names().set_texts("_dnsaddr.b.example",
                              {"dnsaddr=" + b.address().with_peer(b.id).to_string()});
  c.knows(b.id, Multiaddr::parse("/dnsaddr/b.example"));
  net.world.run(c.swarm.connect(b.id));
  EXPECT_EQ(c.swarm.best(b.id)->remote(), b.address());
}

TEST_F(SwarmPaths, addresses_of_useful_peers_outlive_their_connection) {
  TestNode& c = net.add();
  TestNode& d = net.add();
  for (TestNode* node : {&c, &d}) {
    a.swarm.peers().add_address(node->id, node->address(), AddressSource::claimed, 1h);
    net.world.run(a.swarm.connect(node->id));
  }
  a.swarm.note_transfer(c.id);
  for (TestNode* node : {&c, &d}) a.swarm.disconnect(node->id);
  net.world.run_for(24h);
  EXPECT_FALSE(a.swarm.peers().addresses(c.id).empty());
  EXPECT_TRUE(a.swarm.peers().addresses(d.id).empty());
}

}  // namespace
}  // namespace shoal::net
