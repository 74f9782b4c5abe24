#include "system/yield.h"

#include <gtest/gtest.h>

#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal {
namespace {

constexpr int kMany = 10'000;

Task<void> count_to(System& system, int most, int& count) {
  Yield yield(system);
  for (; count < most; ++count) co_await yield.step();
}

Task<void> until(System& system, const int& count, int most) {
  while (count < most) co_await yield_now(system.waits);
}

TEST(Yield, two_loops_that_wait_for_nothing_take_turns) {
  sim::World world;
  System& system = world.add_host().system();
  TaskGroup group(system.waits, "test");
  int first = 0;
  int second = 0;
  group.spawn(count_to(system, kMany, first));
  group.spawn(count_to(system, kMany / 2, second));
  world.run(until(system, second, kMany / 2));
  // The first was at half its way, more or less, when the second had ended.
  EXPECT_LT(first, kMany * 3 / 4);
  world.run(group.join());
  EXPECT_EQ(first, kMany);
}

Task<void> cancel(TaskGroup& group) {
  group.cancel();
  co_return;
}

TEST(Yield, a_loop_that_waits_for_nothing_can_be_cancelled) {
  sim::World world;
  System& system = world.add_host().system();
  TaskGroup group(system.waits, "test");
  int count = 0;
  group.spawn(count_to(system, 1 << 30, count));
  TaskGroup canceller(system.waits, "canceller");
  canceller.spawn(cancel(group));
  world.run(group.join());
  EXPECT_LT(count, 10 * static_cast<int>(Yield::kSteps));
  world.run(canceller.join());
}

}  // namespace
}  // namespace shoal
