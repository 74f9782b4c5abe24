// A transport that the swarm has never heard of: all that it does for connections, it does for it.

#include <gtest/gtest.h>

#include "net/swarm/swarm_sim_testing.h"
#include "net/swarm/toy_transport.h"

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
using testing::TestNodeOptions;
using testing::toy_address;
using testing::ToyTransport;

constexpr std::uint16_t kToyPort = 5001;

class NewTransport : public ::testing::Test {
 protected:
  TestNode& add(TestNodeOptions options = {}) {
    TestNode& node = net.add(options);
    node.swarm.add_transport(std::make_unique<ToyTransport>(node.system, node.upgrader));
    node.swarm.listen(toy_address({node.host.address(), kToyPort}));
    node.swarm.protocols().add(kEcho, echo);
    return node;
  }
  static Multiaddr toy_of(const TestNode& node) {
    return toy_address({node.host.address(), kToyPort});
  }
  ConnectionId connect(TestNode& from, TestNode& to) {
    from.knows(to.id, toy_of(to));
    return net.world.run(from.swarm.connect(to.id));
  }

  TestNet net;
};

TEST_F(NewTransport, carries_streams) {
  TestNode& a = add();
  TestNode& b = add();
  connect(a, b);
  EXPECT_EQ(net.world.run(ask(a.swarm, b.id, std::string(100'000, 'x'))),
            std::string(100'000, 'x'));
  EXPECT_EQ(a.swarm.best(b.id)->remote(), toy_of(b));
}

TEST_F(NewTransport, is_announced) {
  const TestNode& a = add();
  const auto announced = a.swarm.listen_addresses();
  EXPECT_NE(std::ranges::find(announced, toy_of(a)), announced.end());
}

TEST_F(NewTransport, tells_who_answers) {
  TestNode& a = add();
  TestNode& b = add();
  const PeerId other = PeerId::from_public_key(key_of(99).public_key());
  a.knows(other, toy_of(b));
  EXPECT_EQ(code_of(net.world.run(failure_of(a.swarm.connect(other)))), ErrorCode::unreachable);
}

TEST_F(NewTransport, is_asked_for_admission) {
  TestNode& a = add();
  TestNode& b = add();
  b.swarm.when_admitting([](const PeerId&) { return false; });
  connect(a, b);
  net.world.run_for(1s);
  EXPECT_EQ(b.swarm.connections().all().size(), 0U);
}

TEST_F(NewTransport, counts_against_the_limit_of_connections) {
  TestNode& b = add({.limits = {.connections = 2, .inbound_connections = 2}});
  std::vector<TestNode*> others;
  for (int i = 0; i < 4; ++i) others.push_back(&add());
  for (TestNode* other : others) {
    other->knows(b.id, toy_of(b));
    (void)net.world.run(failure_of(other->swarm.connect(b.id)));
  }
  net.world.run_for(1s);
  EXPECT_LE(b.swarm.connections().all().size(), 2U);
}

TEST_F(NewTransport, is_trimmed_between_the_marks) {
  TestNode& b = add({.limits = {.marks = {.low = 2, .high = 4}}});
  for (int i = 0; i < 8; ++i) connect(b, add());
  net.world.run_for(5min);
  EXPECT_LE(b.swarm.connections().all().size(), 4U);
}

/// Where both lead to the peer, the dialler begins with what is no slower and falls back.
TEST_F(NewTransport, is_raced_with_others) {
  TestNode& a = add();
  TestNode& b = add();
  a.knows(b.id, toy_address({b.host.address(), 9}));  // nobody answers there
  a.knows(b.id, b.address());
  net.world.run(a.swarm.connect(b.id));
  EXPECT_EQ(a.swarm.best(b.id)->remote(), b.address());
}

}  // namespace
}  // namespace shoal::net
