#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/error.h"
#include "system/sim/world.h"
#include "system/task_group.h"
#include "system/timeout.h"

namespace shoal::sim {
namespace {

Task<void> sleep(World& world, Duration time) {
  co_await world.clock().sleep_for(time);
}

Task<int> answer(World& world, Duration time, int value) {
  co_await world.clock().sleep_for(time);
  co_return value;
}

Task<void> spin(World& world) {
  while (true) co_await world.clock().sleep_for(0s);
}

Task<void> tick(World& world) {
  while (true) co_await world.clock().sleep_for(1s);
}

Task<void> first_wins(World& world, std::size_t& winner) {
  using namespace boost::asio::experimental::awaitable_operators;
  auto race = answer(world, 5s, 1) || answer(world, 2s, 2);
  const auto result = co_await std::move(race);
  winner = result.index();
}

TEST(World, runs_a_task_on_virtual_time) {
  World world;
  const TimePoint begin = world.now();
  world.run(sleep(world, 24h));
  EXPECT_EQ(world.now() - begin, 24h);
  EXPECT_EQ(world.run(answer(world, 1s, 7)), 7);
}

TEST(World, run_until_stops_the_clock_where_it_was_told) {
  World world;
  const TimePoint begin = world.now();
  TaskGroup tasks(world.waits(), "test");
  tasks.spawn(sleep(world, 10s));
  world.run_until(begin + 9s);
  EXPECT_EQ(tasks.size(), 1U);
  EXPECT_EQ(world.now(), begin + 9s);
  world.run_for(1s);
  EXPECT_EQ(tasks.size(), 0U);
}

TEST(World, run_until_idle_ends_with_the_last_event) {
  World world;
  const TimePoint begin = world.now();
  int happened = 0;
  world.after(3s, [&] { ++happened; });
  world.after(1s, [&] { world.after(5s, [&] { ++happened; }); });
  world.run_until_idle();
  EXPECT_EQ(happened, 2);
  EXPECT_EQ(world.now() - begin, 6s);
}

TEST(World, awaitable_operators_cancel_the_loser) {
  World world;
  const TimePoint begin = world.now();
  std::size_t winner = 0;
  world.run(first_wins(world, winner));
  EXPECT_EQ(winner, 1U);
  EXPECT_EQ(world.now() - begin, 2s);
  EXPECT_EQ(world.waits().size(), 0U);
}

TEST(World, a_timeout_is_exact) {
  World world;
  const TimePoint begin = world.now();
  EXPECT_THROW(world.run(within(world.clock(), 3s, sleep(world, 1h), "waiting")), Error);
  EXPECT_EQ(world.now() - begin, 3s);
}

TEST(World, cancelled_tasks_end) {
  World world;
  TaskGroup tasks(world.waits(), "test");
  for (int i = 0; i < 10; ++i) tasks.spawn(tick(world));
  world.run_for(5s);
  EXPECT_EQ(tasks.size(), 10U);
  world.run(tasks.stop());
  EXPECT_EQ(tasks.size(), 0U);
}

TEST(World, names_the_scenario_that_spins) {
  World world({.name = "a spinning scenario", .instant_step_limit = 1000});
  try {
    world.run(spin(world));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::limit);
    EXPECT_EQ(error.subject(), "a spinning scenario");
  }
}

TEST(World, names_the_scenario_that_never_ends) {
  World world({.name = "endless", .step_limit = 1000});
  EXPECT_THROW(world.run(tick(world)), Error);
}

Task<void> wait_for_ever(World& world) {
  Event never(world.waits());
  co_await never.wait();
}

TEST(World, says_when_a_task_waits_for_nothing) {
  World world;
  EXPECT_THROW(world.run(wait_for_ever(world)), Error);
}

TEST(World, posts_run_in_order_and_dispatch_runs_at_once) {
  World world;
  std::vector<int> order;
  boost::asio::post(world.executor(), [&] {
    boost::asio::post(world.executor(), [&] { order.push_back(3); });
    boost::asio::dispatch(world.executor(), [&] { order.push_back(1); });
    order.push_back(2);
  });
  boost::asio::post(world.executor(), [&] { order.push_back(4); });
  world.run_until_idle();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 4, 3}));
}

TEST(World, runs_a_million_events_in_a_few_seconds) {
  World world;
  TaskGroup tasks(world.waits(), "test");
  for (int i = 0; i < 100; ++i) tasks.spawn(tick(world));
  world.run_for(10'000s);
  EXPECT_GE(world.step_count(), 1'000'000U);
  world.run(tasks.stop());
}

}  // namespace
}  // namespace shoal::sim
