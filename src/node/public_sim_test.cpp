#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "node/node.h"
#include "system/sim/world.h"

// Nodes beside the public DHT, some of which are told to take part in it.

namespace shoal::node {
namespace {

constexpr const char* kIpfsBootstrap = "_dnsaddr.bootstrap.libp2p.io";
constexpr const char* kIpfsPeer = "QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN";

/// Where what a machine sends goes, groups of the local network left out.
class Destinations final : public sim::Hop {
 public:
  std::optional<TimePoint> pass(sim::Packet& packet, TimePoint at) override {
    if (!packet.to.address.is_multicast()) seen.insert(packet.to.address.to_string());
    return at;
  }
  std::set<std::string> seen;
};

class PublicDht : public ::testing::Test {
 protected:
  ~PublicDht() override {
    for (const auto& node : nodes) world.run(node->stop());
  }

  Node& start(sim::Host& host, Config config) {
    config.home = "/home";
    config.listen = {address_of(host)};
    config.agent = "shoal/test";
    config.ephemeral = true;
    nodes.push_back(std::make_unique<Node>(host.system(), std::move(config)));
    nodes.back()->start();
    return *nodes.back();
  }
  /// As the program starts one, with and without --public.
  Node& start_user(sim::Host& host, bool is_public, std::vector<Multiaddr> bootstrap = {}) {
    Config config;
    config.bootstrap = std::move(bootstrap);
    config.lan = true;
    config.dht = true;
    config.is_public = is_public;
    return start(host, std::move(config));
  }
  /// Speaks the protocol of the public DHT alone.
  Node& start_server() {
    sim::Host& host = world.add_host();
    Config config;
    config.is_public = true;
    config.announce = {address_of(host)};
    return start(host, std::move(config));
  }
  static Multiaddr address_of(const sim::Host& host) {
    return Multiaddr::tcp({host.address(), 4001});
  }

  std::vector<PeerId> records_at(Node& server) const {
    std::vector<PeerId> out;
    kad::ProviderStore& store = server.dht()->dht().server()->providers();
    for (const auto& provider : store.find(kad::Key::of(content.hash()), world.now())) {
      out.push_back(provider.id);
    }
    return out;
  }
  std::vector<PeerId> found_by(Node& node) {
    std::vector<PeerId> out;
    world.run(node.routing().find_providers(
        content, [&out](const routing::Found& found) { out.push_back(found.peer); }));
    return out;
  }
  void announce(Node& node) {
    world.run(node.routing().provide(content, [](const routing::Provided&) {}));
  }

  const Cid content = Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes("what is shared")));
  sim::World world;
  std::vector<std::unique_ptr<Node>> nodes;
};

TEST_F(PublicDht, is_entered_by_the_peers_of_ipfs_when_asked_for) {
  sim::Host& ipfs = world.add_host();
  world.names().set_texts(kIpfsBootstrap, {"dnsaddr=" + address_of(ipfs).to_string() + "/p2p/" +
                                           std::string(kIpfsPeer)});
  for (const bool is_public : {false, true}) {
    sim::Host& host = world.add_host();
    Destinations sent;
    host.add_outward_hop(sent);
    Node& node = start_user(host, is_public);
    world.run_for(1min);
    announce(node);
    EXPECT_EQ(sent.seen,
              is_public ? std::set{ipfs.address().to_string()} : std::set<std::string>());
    world.run(node.stop());
    nodes.pop_back();
  }
}

TEST_F(PublicDht, is_told_and_asked_when_asked_for_and_not_before) {
  Node& server = start_server();
  world.run_for(2s);
  const std::vector<Multiaddr> bootstrap{server.addresses().front()};
  // Connected to a server of it, all the same.
  Node& silent = start_user(world.add_host(), false, bootstrap);
  announce(silent);
  world.run_for(1min);
  ASSERT_NE(server.swarm().best(silent.id()), nullptr);
  EXPECT_TRUE(records_at(server).empty());

  Node& sharer = start_user(world.add_host(), true, bootstrap);
  announce(sharer);
  world.run_for(1min);
  EXPECT_EQ(records_at(server), std::vector{sharer.id()});
  EXPECT_EQ(found_by(start_user(world.add_host(), true, bootstrap)), std::vector{sharer.id()});
  EXPECT_TRUE(found_by(silent).empty());
}

}  // namespace
}  // namespace shoal::node
