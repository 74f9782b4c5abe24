#include "net/resources/handshake_limiter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal::net {
namespace {

Multiaddr from(const std::string& host) {
  return Multiaddr::parse("/ip4/" + host + "/tcp/1");
}

Task<void> enter(HandshakeLimiter& limiter, Multiaddr remote, std::size_t& entered) {
  co_await limiter.enter(remote);
  ++entered;
}

struct Gates : ::testing::Test {
  Gates() : limiter(world.add_host().system()), work(world.waits(), "handshakes") {}
  ~Gates() override { world.run(work.stop()); }

  void connect_often(const std::string& host, std::size_t times, std::size_t& entered) {
    for (std::size_t i = 0; i < times; ++i) work.spawn(enter(limiter, from(host), entered));
  }

  sim::World world;
  HandshakeLimiter limiter;
  TaskGroup work;
};

TEST_F(Gates, C5_lets_so_many_in_at_once_and_so_many_each_second) {
  std::size_t entered = 0;
  connect_often("192.0.2.1", 2000, entered);
  world.run_for(1ms);
  EXPECT_NEAR(static_cast<double>(entered), HandshakeLimiter::kBurst, 1);
  world.run_for(5s);
  EXPECT_NEAR(static_cast<double>(entered),
              HandshakeLimiter::kBurst + 5 * HandshakeLimiter::kPerSecond, 5);
}

TEST_F(Gates, C5_who_comes_alone_does_not_wait_for_a_crowd) {
  std::size_t crowd = 0, alone = 0;
  for (int i = 1; i <= 20; ++i) connect_often("192.0.2." + std::to_string(i), 200, crowd);
  world.run_for(1s);
  connect_often("198.51.100.1", 1, alone);
  world.run_for(200ms);
  EXPECT_EQ(alone, 1U);
  EXPECT_LT(crowd, 600U);
}

TEST_F(Gates, programs_of_this_machine_need_not_wait) {
  std::size_t entered = 0;
  connect_often("127.0.0.1", 2000, entered);
  world.run_for(1ms);
  EXPECT_EQ(entered, 2000U);
}

}  // namespace
}  // namespace shoal::net
