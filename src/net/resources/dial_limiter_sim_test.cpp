#include "net/resources/dial_limiter.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal::net {
namespace {

Task<void> pass_through(System& system, DialLimiter& limiter, bool urgent, Duration stay,
                        std::string name, std::string& entered) {
  const DialLimiter::Pass pass = co_await limiter.enter(urgent);
  entered += name;
  co_await system.clock.sleep_for(stay);
}

class DialGateTest : public ::testing::Test {
 protected:
  DialGateTest() : system(world.add_host().system()), tasks(world.waits(), "dials") {}
  ~DialGateTest() override { world.run(tasks.stop()); }

  void make_gate(std::size_t at_once) { limiter = std::make_unique<DialLimiter>(system, at_once); }
  void enter(const std::string& name, Duration stay, bool urgent = false) {
    tasks.spawn(pass_through(system, *limiter, urgent, stay, name, entered));
  }

  sim::World world;
  System& system;
  std::unique_ptr<DialLimiter> limiter;
  TaskGroup tasks;
  std::string entered;
};

TEST_F(DialGateTest, lets_so_many_in_at_once) {
  make_gate(3);
  for (const char* name : {"a", "b", "c", "d", "e"}) enter(name, 1s);
  world.run_for(500ms);
  EXPECT_EQ(entered, "abc");
  EXPECT_EQ(limiter->under_way(), 3u);
  EXPECT_EQ(limiter->waiting(), 2u);
  world.run_for(1s);
  EXPECT_EQ(entered, "abcde");
  world.run_for(1s);
  EXPECT_EQ(limiter->under_way(), 0u);
}

TEST_F(DialGateTest, lets_so_many_in_each_second) {
  make_gate(10'000);
  for (int i = 0; i < 1000; ++i) enter("x", 1ms);
  world.run_for(1ms);
  EXPECT_EQ(entered.size(), static_cast<std::size_t>(DialLimiter::kBurst));
  world.run_for(5s);
  EXPECT_NEAR(static_cast<double>(entered.size()),
              DialLimiter::kBurst + 5 * DialLimiter::kPerSecond, 6);
}

TEST_F(DialGateTest, urgent_attempts_pass_those_that_wait) {
  make_gate(1);
  enter("a", 1s);
  enter("b", 1s);
  world.run_for(10ms);
  enter("u", 1s, true);
  world.run_for(3s);
  EXPECT_EQ(entered, "aub");
}

TEST_F(DialGateTest, a_cancelled_wait_leaves_the_line) {
  make_gate(1);
  enter("a", 1s);
  world.run_for(10ms);
  TaskGroup impatient(world.waits(), "impatient");
  impatient.spawn(pass_through(system, *limiter, false, 1s, "b", entered));
  world.run_for(10ms);
  enter("c", 1s);
  world.run_for(10ms);
  world.run(impatient.stop());
  world.run_for(3s);
  EXPECT_EQ(entered, "ac");
}

}  // namespace
}  // namespace shoal::net
