#include <gtest/gtest.h>

#include <deque>
#include <optional>

#include "node/node.h"
#include "system/sim/world.h"

// Whole nodes that are stopped, and come back to a network that has changed meanwhile.

namespace shoal::node {
namespace {

class RejoiningNode : public ::testing::Test {
 protected:
  static constexpr std::size_t kOthers = 12;

  RejoiningNode() {
    for (std::size_t i = 0; i < kOthers; ++i) {
      sim::Host& host = world.add_host(host_number(i + 1));
      Config config = config_on(host);
      if (i > 0) config.bootstrap = {address_of(others.front())};
      config.ephemeral = true;
      others.emplace_back(host.system(), std::move(config)).start();
      world.run_for(1s);
    }
    world.run_for(10s);
  }

  ~RejoiningNode() override {
    if (own) stop();
    for (Node& node : others) world.run(node.stop());
  }

  static sim::HostOptions host_number(std::size_t number) {
    sim::HostOptions out;
    out.addresses = {IpAddress::v4({10, 1, 0, static_cast<std::uint8_t>(number)})};
    return out;
  }
  static Config config_on(sim::Host& host) {
    return {.home = "/home",
            .listen = {Multiaddr::tcp({host.address(), 4001})},
            .connect = {},
            .dht = true,
            .agent = "shoal/test"};
  }
  static Multiaddr address_of(Node& node) { return node.addresses().front(); }

  Node& start(std::vector<Multiaddr> bootstrap) {
    Config config = config_on(own_host);
    config.bootstrap = std::move(bootstrap);
    own.emplace(own_host.system(), std::move(config));
    own->start();
    return *own;
  }
  void stop() {
    world.run(own->stop());
    own.reset();
  }
  kad::Dht& dht() { return own->dht()->dht(); }

  /// What the node announces on behalf of its user, with the first announcement long past.
  void add_contents() {
    for (int i = 0; i < kContents; ++i) {
      dht().reprovider().add(Multihash::sha2_256(as_bytes(std::to_string(i))));
    }
  }
  /// Records of the node that one of the others keeps.
  std::size_t records_at(Node& other) {
    std::size_t out = 0;
    for (int i = 0; i < kContents; ++i) {
      const auto key = kad::Key::of(Multihash::sha2_256(as_bytes(std::to_string(i))));
      const auto found = other.dht()->dht().server()->providers().find(key, world.now());
      out += found.empty() ? 0 : 1;
    }
    return out;
  }

  static constexpr int kContents = 100;

  sim::World world;
  std::deque<Node> others;
  sim::Host& own_host = world.add_host(host_number(200));
  std::optional<Node> own;
};

TEST_F(RejoiningNode, needs_no_bootstrap_list_a_day_later) {
  start({address_of(others.front())});
  world.run_for(1min);
  EXPECT_GE(dht().table().size(), kOthers / 2);
  const PeerId id = own->id();
  stop();
  // The way in of the first time is gone for good.
  world.run(others.front().stop());
  world.run_for(24h);
  start({});
  world.run_for(10s);
  EXPECT_EQ(own->id(), id);
  EXPECT_GE(dht().table().size(), kOthers / 2);
  const auto found = world.run(dht().find_closest(to_bytes(others.back().id().encoded())));
  ASSERT_FALSE(found.peers.empty());
  EXPECT_EQ(found.peers.front(), others.back().id());
}

TEST_F(RejoiningNode, announces_only_what_is_due) {
  using kad::ReprovideSchedule;
  start({address_of(others.front())});
  add_contents();
  // Into the middle of a sweep.
  world.run_for(ReprovideSchedule::kPeriod / 2);
  const std::size_t first_half = records_at(others.back());
  EXPECT_GE(first_half, 20u);
  EXPECT_LE(first_half, 80u);
  const std::size_t lookups = dht().reprovider().lookup_count();
  EXPECT_GE(lookups, 1u);
  stop();
  // From here on only what comes anew counts.
  for (Node& other : others) other.dht()->dht().server()->providers().expire(world.now() + 72h);
  world.run_for(1h);
  start({});
  add_contents();
  world.run_for(5min);
  // The hour that it was away for, and what shares a lookup with that.
  const std::size_t missed = records_at(others.back());
  EXPECT_GE(missed, 1u);
  EXPECT_LE(missed, 20u);
  // The rest of the sweep, and no more.
  world.run_for(ReprovideSchedule::kPeriod / 2 - 1h - 5min);
  EXPECT_GE(records_at(others.back()), kContents - first_half - 5);
  EXPECT_LE(records_at(others.back()), kContents - first_half + 5);
}

}  // namespace
}  // namespace shoal::node
