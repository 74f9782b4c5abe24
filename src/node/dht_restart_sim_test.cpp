#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "node/node.h"
#include "system/sim/world.h"

namespace shoal::node {
namespace {

/// Nodes in one DHT, all told of the first, and one more that keeps what it learns on its disk.
class RestartedNode : public ::testing::Test {
 protected:
  static constexpr std::size_t kOthers = 6;

  RestartedNode() {
    for (std::size_t i = 0; i < kOthers; ++i) {
      sim::Host& host = world.add_host();
      Config config = config_of(host, true);
      if (i > 0) config.bootstrap = {first()};
      others.push_back(std::make_unique<Node>(host.system(), std::move(config)));
      others.back()->start();
    }
    world.run_for(30s);
  }
  ~RestartedNode() override {
    stop();
    for (const auto& node : others) world.run(node->stop());
  }

  static Config config_of(sim::Host& host, bool ephemeral) {
    Config out{.home = "/home",
               .listen = {Multiaddr::tcp({host.address(), 4001})},
               .connect = {},
               .agent = "shoal/test",
               .ephemeral = ephemeral};
    out.dht = true;
    return out;
  }
  Multiaddr first() {
    return Multiaddr::tcp({world.host(0).address(), 4001}).with_peer(others[0]->id());
  }
  Node& start(std::vector<Multiaddr> bootstrap) {
    Config config = config_of(own_host, false);
    config.bootstrap = std::move(bootstrap);
    own.emplace(own_host.system(), std::move(config));
    own->start();
    return *own;
  }
  void stop() {
    if (own) world.run(own->stop());
    own.reset();
  }
  kad::Reprovider& reprovider() { return own->dht()->dht().reprovider(); }
  void add_contents() {
    for (int i = 0; i < 200; ++i) {
      reprovider().add(Multihash::sha2_256(as_bytes("content " + std::to_string(i))));
    }
  }

  sim::World world;
  std::vector<std::unique_ptr<Node>> others;
  sim::Host& own_host = world.add_host();
  std::optional<Node> own;
};

TEST_F(RestartedNode, rejoins_after_a_day_without_its_bootstrap_list) {
  start({first()});
  world.run_for(1min);
  EXPECT_EQ(own->dht()->dht().table().size(), kOthers);
  stop();
  world.run_for(24h);
  world.run(others[0]->stop());
  start({});
  world.run_for(1min);
  EXPECT_GE(own->dht()->dht().table().size(), kOthers - 1);
  EXPECT_GE(own->swarm().connections().size(), 1u);
}

TEST_F(RestartedNode, announces_again_only_what_is_due) {
  start({first()});
  add_contents();
  world.run_for(6h);
  const std::size_t before = reprovider().lookup_count();
  EXPECT_GT(before, 0u);
  stop();
  world.run_for(10min);
  start({});
  add_contents();
  world.run_for(20min);
  // Of a sweep of 22 h, half an hour.
  EXPECT_LE(reprovider().lookup_count(), before / 4);
  stop();
  world.run_for(24h);
  start({});
  add_contents();
  world.run_for(20min);
  // All of it was missed meanwhile.
  EXPECT_GE(reprovider().lookup_count(), before);
}

}  // namespace
}  // namespace shoal::node
