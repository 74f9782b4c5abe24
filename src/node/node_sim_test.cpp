#include "node/node.h"

#include <gtest/gtest.h>

#include <optional>

#include "system/sim/world.h"

namespace shoal::node {
namespace {

/// Two machines; the user of the first gave it the address of the second.
class TwoNodes : public ::testing::Test {
 protected:
  TwoNodes() {
    second.emplace(second_host.system(), config(second_host));
    Config known = config(first_host);
    known.connect = {known_address()};
    first.emplace(first_host.system(), std::move(known));
  }
  ~TwoNodes() override {
    world.run(first->stop());
    world.run(second->stop());
  }

  static Config config(sim::Host& host) {
    return {.home = "/home",
            .listen = {Multiaddr::tcp({host.address(), 4001})},
            .connect = {},
            .agent = "shoal/test",
            .ephemeral = true};
  }
  Multiaddr known_address() {
    return Multiaddr::tcp({second_host.address(), 4001}).with_peer(second->id());
  }
  bool connected() { return first->swarm().best(second->id()) != nullptr; }

  sim::World world;
  sim::Host& first_host = world.add_host();
  sim::Host& second_host = world.add_host();
  std::optional<Node> first;
  std::optional<Node> second;
};

TEST_F(TwoNodes, connect_without_being_asked) {
  second->start();
  first->start();
  world.run_for(2s);
  EXPECT_TRUE(connected());
}

TEST_F(TwoNodes, connect_once_the_other_one_is_there) {
  first->start();
  world.run_for(1min);
  EXPECT_FALSE(connected());
  second->start();
  world.run_for(5min);
  EXPECT_TRUE(connected());
}

TEST_F(TwoNodes, connect_again_when_the_connection_ended) {
  second->start();
  first->start();
  world.run_for(2s);
  second->swarm().disconnect(first->id());
  world.run_for(1s);
  EXPECT_FALSE(connected());
  world.run_for(10s);
  EXPECT_TRUE(connected());
}

}  // namespace
}  // namespace shoal::node
