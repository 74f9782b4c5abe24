#include <gtest/gtest.h>

#include <vector>

#include "net/swarm/swarm_sim_testing.h"

namespace shoal::net {
namespace {

using testing::ask;
using testing::echo;
using testing::kEcho;
using testing::TestNet;
using testing::TestNode;

constexpr ConnectionMarks kFewMarks{.low = 16, .high = 24};

/// A hub that many peers meet in turn, five a second, and what its connections did meanwhile.
class Crowd {
 public:
  Crowd(ConnectionMarks marks, Direction direction)
      : marks_(marks), direction_(direction), hub(net.add({.limits = {.marks = marks}})) {}

  TestNode& meet() {
    TestNode& peer = net.add();
    TestNode& from = direction_ == Direction::outbound ? hub : peer;
    from.connect(&from == &hub ? peer : hub);
    look();
    net.world.run_for(100ms);
    look();
    return peer;
  }
  void meet_many(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) meet();
  }
  Duration longest_overshoot() const { return longest_; }
  std::size_t most() const { return most_; }

 private:
  void look() {
    const std::size_t count = hub.swarm.connections().size();
    most_ = std::max(most_, count);
    if (count <= marks_.high) within_ = net.world.now();
    longest_ = std::max(longest_, net.world.now() - within_);
  }

  const ConnectionMarks marks_;
  const Direction direction_;
  TimePoint within_{};
  Duration longest_{};
  std::size_t most_ = 0;

 public:
  TestNet net;
  TestNode& hub;
};

void expect_bounded(ConnectionMarks marks, Direction direction, std::size_t count) {
  Crowd crowd(marks, direction);
  TestNode& friendly = crowd.meet();
  crowd.hub.swarm.manager().protect(friendly.id, "test");
  friendly.swarm.manager().protect(crowd.hub.id, "test");  // nor does it end as idle
  const ConnectionId id = crowd.hub.swarm.best(friendly.id)->id();
  crowd.meet_many(count);
  EXPECT_LE(crowd.longest_overshoot(), 10s);
  EXPECT_LE(crowd.most(), marks.high * 2 + 20);
  EXPECT_NE(crowd.hub.swarm.find(id), nullptr);
  crowd.net.world.run_for(10s);
  EXPECT_LE(crowd.hub.swarm.connections().size(), marks.high);
  EXPECT_GE(crowd.hub.swarm.connections().size(), marks.low);
  EXPECT_LE(crowd.hub.swarm.manager().size(), 1u);
}

TEST(ConnectionTrimmer, keeps_outbound_connections_between_the_marks) {
  expect_bounded(kFewMarks, Direction::outbound, 300);
}

TEST(ConnectionTrimmer, keeps_inbound_connections_between_the_marks) {
  expect_bounded(kFewMarks, Direction::inbound, 300);
}

TEST(ConnectionTrimmer, keeps_2000_outbound_connections_between_the_marks) {
  expect_bounded({.low = 64, .high = 96}, Direction::outbound, 2000);
}

TEST(ConnectionTrimmer, keeps_2000_inbound_connections_between_the_marks) {
  expect_bounded({.low = 64, .high = 96}, Direction::inbound, 2000);
}

TEST(ConnectionTrimmer, ends_idle_connections_but_not_tagged_ones) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.marks = {.idle_timeout = 60s}}});
  TestNode& idle = net.add();
  TestNode& tagged = net.add();
  TestNode& busy = net.add();
  hub.swarm.protocols().add(kEcho, echo);
  for (TestNode* peer : {&idle, &tagged, &busy}) peer->connect(hub);
  hub.swarm.manager().tag(tagged.id, "test", 1);
  net.world.run_for(50s);
  EXPECT_NE(hub.swarm.best(idle.id), nullptr);
  EXPECT_EQ(net.world.run(ask(busy.swarm, hub.id, "hello")), "hello");
  net.world.run_for(20s);
  EXPECT_EQ(hub.swarm.best(idle.id), nullptr);
  EXPECT_EQ(idle.swarm.best(hub.id), nullptr);
  EXPECT_NE(hub.swarm.best(tagged.id), nullptr);
  EXPECT_NE(hub.swarm.best(busy.id), nullptr);
}

TEST(ConnectionTrimmer, keeps_those_we_wait_for) {
  Crowd crowd(kFewMarks, Direction::outbound);
  TestNode& source = crowd.meet();
  const auto expected = crowd.hub.swarm.solicit(source.id);
  TestNode& other = crowd.meet();
  crowd.meet_many(100);
  EXPECT_NE(crowd.hub.swarm.best(source.id), nullptr);
  EXPECT_EQ(crowd.hub.swarm.best(other.id), nullptr);
}

}  // namespace
}  // namespace shoal::net
