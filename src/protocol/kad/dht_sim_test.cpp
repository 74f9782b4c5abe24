#include "protocol/kad/dht.h"

#include <gtest/gtest.h>

#include <optional>

#include "protocol/kad/lookup_testing.h"

namespace shoal::kad {
namespace {

using testing::KadNet;
using testing::KadNode;

// All simulated hosts are of one IP group.
constexpr TableLimits kAnyGroup{.per_group_and_bucket = 1000, .per_group = 1000, .one_in = 1};

/// A Dht on the first node of a network; its other parts stay unused.
class DhtTest : public ::testing::Test {
 protected:
  ~DhtTest() override {
    if (dht) net->world.run(dht->stop());
  }

  KadNet& make(std::uint32_t size) {
    net.emplace(size);
    return *net;
  }

  Dht& start(std::vector<PeerInfo> bootstrap) {
    DhtOptions options{.bootstrap = std::move(bootstrap)};
    options.limits = kAnyGroup;
    KadNode& own = (*net)[0];
    dht.emplace(own.system, own.swarm, std::move(options));
    dht->start();
    return *dht;
  }

  std::optional<KadNet> net;
  std::optional<Dht> dht;
};

TEST_F(DhtTest, fills_its_table_from_one_bootstrap_peer) {
  make(60);
  Dht& own = start({(*net)[1].info()});
  net->world.run(own.wait_until_ready());
  EXPECT_GE(own.table().size(), 1u);
  net->world.run_for(10s);
  EXPECT_GE(own.table().size(), 30u);
  EXPECT_GE(own.network_size().peers(), 20);
  EXPECT_LE(own.network_size().peers(), 180);
}

TEST_F(DhtTest, questions_wait_for_the_bootstrap) {
  make(60);
  Dht& own = start({(*net)[1].info()});
  const Closest found = net->world.run(own.find_closest(testing::key_bytes("a")));
  EXPECT_GE(found.peers.size(), kReplication);
}

TEST_F(DhtTest, questions_end_without_anybody_to_ask) {
  make(2);
  (*net)[1].host.set_online(false);
  Dht& own = start({(*net)[1].info()});
  const TimePoint begin = net->world.now();
  const Closest found = net->world.run(own.find_closest(testing::key_bytes("a")));
  EXPECT_TRUE(found.peers.empty());
  EXPECT_LE(net->world.now() - begin, 15s);
}

TEST_F(DhtTest, tries_the_bootstrap_again_when_it_is_back) {
  make(30);
  (*net)[1].host.set_online(false);
  Dht& own = start({(*net)[1].info()});
  net->world.run_for(1min);
  EXPECT_EQ(own.table().size(), 0u);
  (*net)[1].host.set_online(true);
  net->world.run_for(2min);
  EXPECT_GE(own.table().size(), 20u);
}

TEST_F(DhtTest, takes_connected_peers_that_serve_the_dht) {
  make(30);
  Dht& own = start({});
  net->world.run_for(1s);
  KadNode& first = (*net)[0];
  KadNode& other = (*net)[5];
  first.knows(other);
  net->world.run(first.swarm.connect(other.id));
  EXPECT_EQ(own.table().size(), 0u);
  first.swarm.peers().set_protocols(other.id, {"/other/1", kPublicProtocol});
  net->world.run_for(10s);
  EXPECT_GE(own.table().size(), 15u);
  first.swarm.peers().set_protocols(other.id, {"/other/1"});
  own.identified(other.id);
  EXPECT_EQ(own.table().find(other.id), nullptr);
}

TEST_F(DhtTest, provides_and_announces_again_when_it_is_due) {
  make(60);
  Dht& own = start({(*net)[1].info()});
  const WallTime now = (*net)[0].system.clock.wall_now();
  own.reprovider().restore(ReprovideSchedule(now - ReprovideSchedule::kPeriod).save());
  const Multihash content = Multihash::sha2_256(as_bytes("content"));
  EXPECT_GE(net->world.run(own.provide(content)), Publisher::kEnoughHolders);
  net->world.run_for(5s);
  const auto closest = net->closest(Key::of(content));
  for (KadNode* node : closest) node->providers.clear();
  net->world.run_for(3min);
  std::size_t holders = 0;
  for (KadNode* node : closest) holders += node->providers.empty() ? 0 : 1;
  EXPECT_GE(holders, kReplication - 2);
  EXPECT_EQ(own.reprovider().lookup_count(), 1u);
}

// An idle client holds at most 20 connections: those of the upkeep, and requests under way.
TEST_F(DhtTest, a_client_at_rest_keeps_few_connections_and_asks_little) {
  make(120);
  Dht& own = start({(*net)[1].info()});
  net->world.run_for(5min);
  EXPECT_GE(own.table().size(), 40u);
  std::size_t before = 0;
  for (const auto& node : net->nodes) before += node->requests;
  std::size_t most = 0;
  for (int second = 0; second < 40 * 60; ++second) {
    net->world.run_for(1s);
    most = std::max(most, (*net)[0].swarm.connections().size());
  }
  EXPECT_LE(most, 20u);
  std::size_t asked = 0;
  for (const auto& node : net->nodes) asked += node->requests;
  EXPECT_GE(asked - before, 20u);  // it still looks after its table
  EXPECT_LE(asked - before, 600u);
}

TEST_F(DhtTest, finds_its_peers_again_after_a_restart) {
  make(60);
  Bytes saved;
  {
    Dht& own = start({(*net)[1].info()});
    net->world.run_for(10s);
    saved = own.save_peers();
    net->world.run(own.stop());
    dht.reset();
  }
  Dht& again = start({});
  again.restore_peers(saved);
  EXPECT_GE(again.table().size(), 30u);
  const Closest found = net->world.run(again.find_closest(testing::key_bytes("a")));
  EXPECT_GE(found.peers.size(), kReplication);
}

TEST_F(DhtTest, servers_find_each_other_and_what_they_provide) {
  make(12);
  std::vector<std::unique_ptr<Dht>> servers;
  for (auto& node : net->nodes) {
    DhtOptions options{.server = true, .bootstrap = {(*net)[1].info()}};
    options.limits = kAnyGroup;
    node->swarm.protocols().remove(kPublicProtocol);
    // As identify would.
    for (auto& other : net->nodes) {
      node->swarm.peers().set_protocols(other->id, {kPublicProtocol});
    }
    servers.push_back(std::make_unique<Dht>(node->system, node->swarm, std::move(options)));
    servers.back()->start();
  }
  net->world.run_for(2min);
  for (const auto& server : servers) EXPECT_GE(server->table().size(), 4u);
  const Multihash content = Multihash::sha2_256(as_bytes("content"));
  EXPECT_GE(net->world.run(servers[3]->provide(content)), Publisher::kEnoughHolders);
  std::vector<PeerId> found;
  net->world.run(servers[9]->find_providers(
      content, [&](const PeerInfo& peer) { found.push_back(peer.id); }, 1));
  EXPECT_TRUE(std::ranges::count(found, (*net)[3].id) > 0);
  for (const auto& server : servers) net->world.run(server->stop());
  for (const auto& node : net->nodes) net->world.run(node->swarm.stop());
}

TEST_F(DhtTest, two_halves_of_a_split_network_find_each_other_again) {
  make(16);
  std::vector<std::unique_ptr<Dht>> servers;
  for (auto& node : net->nodes) {
    DhtOptions options{.server = true, .bootstrap = {(*net)[1].info()}};
    options.limits = kAnyGroup;
    node->swarm.protocols().remove(kPublicProtocol);
    for (auto& other : net->nodes) {
      node->swarm.peers().set_protocols(other->id, {kPublicProtocol});
    }
    servers.push_back(std::make_unique<Dht>(node->system, node->swarm, std::move(options)));
    servers.back()->start();
  }
  net->world.run_for(2min);
  std::vector<sim::Host*> one, other;
  for (std::size_t i = 0; i < 16; ++i) (i < 8 ? one : other).push_back(&(*net)[i].host);
  net->world.partition(one, other);
  const auto of_other_half = [&](std::size_t index) {
    std::size_t out = 0;
    for (std::size_t i = 0; i < 16; ++i) {
      const bool across = (i < 8) != (index < 8);
      out += across && servers[index]->table().find((*net)[i].id) != nullptr ? 1 : 0;
    }
    return out;
  };
  net->world.run_for(25min);
  // The half with the bootstrap peer has nobody else to ask, either.
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(of_other_half(i), 0u) << i;
  const Multihash content = Multihash::sha2_256(as_bytes("content"));
  EXPECT_GE(net->world.run(servers[3]->provide(content)), Publisher::kEnoughHolders);
  net->world.heal();
  net->world.run_for(12min);
  for (std::size_t i = 0; i < 16; ++i) EXPECT_GE(of_other_half(i), 4u) << i;
  std::vector<PeerId> found;
  net->world.run(servers[12]->find_providers(
      content, [&](const PeerInfo& peer) { found.push_back(peer.id); }, 1));
  EXPECT_TRUE(std::ranges::count(found, (*net)[3].id) > 0);
  for (const auto& server : servers) net->world.run(server->stop());
  for (const auto& node : net->nodes) net->world.run(node->swarm.stop());
}

TEST_F(DhtTest, stops_in_the_middle_of_everything) {
  make(40);
  Dht& own = start({(*net)[1].info()});
  net->world.run_for(200ms);
  net->world.run(own.stop());
  dht.reset();
}

}  // namespace
}  // namespace shoal::kad
