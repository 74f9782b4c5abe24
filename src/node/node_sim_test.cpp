#include "node/node.h"

#include <gtest/gtest.h>

#include <optional>

#include "node/running.h"
#include "system/sim/world.h"
#include "system/whole_file.h"

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

TEST_F(TwoNodes, tell_other_processes_nothing_when_ephemeral) {
  second->start();
  first->start();
  world.run_for(1min);
  EXPECT_TRUE(connected());
  EXPECT_FALSE(read_running(first_host.system().storage, first->home().folder()));
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

/// A node that goes and comes again on the same disk.
TEST_F(TwoNodes, finds_a_peer_of_an_earlier_run_by_its_id) {
  second->start();
  sim::Host& host = world.add_host();
  Config kept = config(host);
  kept.ephemeral = false;
  {
    Config told = kept;
    told.connect = {known_address()};
    Node once(host.system(), std::move(told));
    once.start();
    world.run_for(2s);
    EXPECT_NE(once.swarm().best(second->id()), nullptr);
    world.run(once.stop());
  }
  Node again(host.system(), std::move(kept));
  again.start();
  world.run(again.swarm().connect(second->id()));
  EXPECT_NE(again.swarm().best(second->id()), nullptr);
  world.run(again.stop());
}

/// A machine that loses power stops nothing in order, and its node must not mind.
TEST_F(TwoNodes, stops_to_the_end_when_cancelled) {
  sim::Host& host = world.add_host();
  Config kept = config(host);
  kept.ephemeral = false;
  Node node(host.system(), std::move(kept));
  node.start();
  world.run_for(1s);
  TaskGroup group(world.waits(), "a life");
  group.spawn(node.stop());
  group.cancel();
  world.run(group.stop());
}

/// Whatever is there instead of what was saved, the node starts.
TEST_F(TwoNodes, starts_beside_a_damaged_memory_of_peers) {
  sim::Host& host = world.add_host();
  Config kept = config(host);
  kept.ephemeral = false;
  host.system().storage.make_folder("/home");
  replace_whole(host.system().storage, "/home/peers", as_bytes("damaged"));
  Node node(host.system(), std::move(kept));
  node.start();
  world.run(node.stop());
}

TEST_F(TwoNodes, learn_from_each_other_that_they_are_reached) {
  second->start();
  first->start();
  world.run_for(30s);
  for (const Node* node : {&*first, &*second}) {
    EXPECT_TRUE(node->reachability().is_reachable());
    EXPECT_NE(node->relay_server(), nullptr);
  }
}

}  // namespace
}  // namespace shoal::node
