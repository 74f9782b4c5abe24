#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "node/node.h"
#include "system/sim/world.h"

// Whole nodes of one network that are stopped, and come back later.

namespace shoal::node {
namespace {

using kad::ReprovideSchedule;

constexpr int kContents = 200;

class RejoiningNodes : public ::testing::Test {
 protected:
  ~RejoiningNodes() override {
    for (std::size_t i = 0; i < nodes.size(); ++i) stop(i);
  }

  /// So many, of which the first is what the others are told.
  void make(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      world.add_host({.addresses = {IpAddress::v4({10, 1, 0, static_cast<std::uint8_t>(1 + i)})}});
      nodes.emplace_back();
      start(i, i == 0 ? std::vector<Multiaddr>() : std::vector{nodes[0]->addresses().front()});
      world.run_for(1s);
    }
    world.run_for(1min);
  }

  void start(std::size_t index, std::vector<Multiaddr> bootstrap) {
    sim::Host& host = world.host(static_cast<std::uint32_t>(index));
    Config config{.home = "/home",
                  .listen = {Multiaddr::tcp({host.address(), 4001})},
                  .connect = {},
                  .bootstrap = std::move(bootstrap),
                  .dht = true,
                  .dht_server = serves,
                  .agent = "shoal/test"};
    nodes[index] = std::make_unique<Node>(host.system(), std::move(config));
    nodes[index]->start();
  }

  void stop(std::size_t index) {
    if (!nodes[index]) return;
    world.run(nodes[index]->stop());
    nodes[index].reset();
  }

  kad::Dht& dht(std::size_t index) { return nodes[index]->dht()->dht(); }

  static Multihash content(int number) {
    return Multihash::sha2_256(as_bytes(std::to_string(number)));
  }
  /// As somebody does who announced them before.
  void add_contents(std::size_t index) {
    for (int i = 0; i < kContents; ++i) dht(index).reprovider().add(content(i));
  }
  /// What the node was told of.
  std::set<int> records_at(std::size_t index) {
    kad::ProviderStore& store = dht(index).server()->providers();
    std::set<int> out;
    for (int i = 0; i < kContents; ++i) {
      if (!store.find(kad::Key::of(content(i)), world.now()).empty()) out.insert(i);
    }
    return out;
  }

  bool serves = true;  // those that are started from now on
  sim::World world;
  std::deque<std::unique_ptr<Node>> nodes;
};

TEST_F(RejoiningNodes, need_no_bootstrap_list_a_day_later) {
  constexpr std::size_t kNodes = 8;
  make(kNodes);
  const PeerId id = nodes[7]->id();
  EXPECT_GE(dht(7).table().size(), kNodes / 2);
  for (std::size_t i = 0; i < kNodes; ++i) stop(i);
  world.run_for(24h);
  // Whom all were told in the beginning is gone for good.
  for (std::size_t i = 1; i < kNodes; ++i) start(i, {});
  world.run_for(10s);
  EXPECT_EQ(nodes[7]->id(), id);
  EXPECT_GE(dht(7).table().size(), kNodes / 2);
  const auto found = world.run(dht(7).find_closest(to_bytes(nodes[3]->id().encoded())));
  ASSERT_FALSE(found.peers.empty());
  EXPECT_EQ(found.peers.front(), nodes[3]->id());
}

TEST_F(RejoiningNodes, learn_that_a_client_serves_from_now_on) {
  make(4);
  stop(3);
  serves = false;
  start(3, {nodes[0]->addresses().front()});
  world.run_for(1min);
  const PeerId id = nodes[3]->id();
  EXPECT_EQ(dht(1).table().find(id), nullptr);
  dht(3).serve();
  dht(3).serve();
  world.run_for(1min);
  EXPECT_NE(dht(1).table().find(id), nullptr);
  const auto answer = world.run(dht(1).find_closest(to_bytes(id.encoded())));
  ASSERT_FALSE(answer.peers.empty());
  EXPECT_EQ(answer.peers.front(), id);
}

TEST_F(RejoiningNodes, announce_only_what_is_due) {
  make(6);
  add_contents(5);
  world.run_for(3h);
  const std::set<int> before = records_at(1);
  // Three hours of the sweep, and what shares lookups with them.
  constexpr double kOfAnHour = kContents / 22.0;
  EXPECT_GE(before.size(), 2 * kOfAnHour);
  EXPECT_LE(before.size(), 5 * kOfAnHour);
  stop(5);
  dht(1).server()->providers().expire(world.now() + 72h);
  ASSERT_TRUE(records_at(1).empty());
  world.run_for(1h);

  start(5, {});
  add_contents(5);
  world.run_for(5min);
  std::set<int> after = records_at(1);
  EXPECT_GE(after.size(), 1u) << "the hour that was missed";
  EXPECT_LE(after.size(), 3 * kOfAnHour);
  world.run_for(2h);
  after = records_at(1);
  EXPECT_GE(after.size(), 2 * kOfAnHour) << "the sweep goes on";
  for (const int one : after) EXPECT_FALSE(before.contains(one)) << "announced twice: " << one;
}

}  // namespace
}  // namespace shoal::node
