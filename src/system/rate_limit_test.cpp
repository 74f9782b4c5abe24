#include "system/rate_limit.h"

#include <gtest/gtest.h>

#include <vector>

#include "system/task_group.h"
#include "system/test_loop.h"

namespace shoal {
namespace {

// Its bucket holds 1/20 of a second: 100,000 bytes.
constexpr std::uint64_t kRate = 2'000'000;

class RateLimitTest : public ::testing::Test {
 protected:
  /// How long it takes until `bytes` may pass.
  Duration time_to_take(RateLimit& limit, std::uint64_t bytes) {
    const TimePoint begun = loop.clock.now();
    loop.run(limit.take(bytes));
    return loop.clock.now() - begun;
  }

  void pass(Duration duration) { loop.run(loop.clock.sleep_for(duration)); }

  testing::TestLoop loop;
};

Task<void> take_and_note(RateLimit& limit, std::uint64_t bytes, int name, std::vector<int>& order) {
  co_await limit.take(bytes);
  order.push_back(name);
}

Task<void> take_in_pieces(RateLimit& limit, std::uint64_t bytes, int pieces) {
  for (int i = 0; i < pieces; ++i) co_await limit.take(bytes);
}

TEST_F(RateLimitTest, without_a_limit_nobody_waits) {
  RateLimit limit(loop.clock, 0);
  EXPECT_TRUE(limit.unlimited());
  EXPECT_EQ(time_to_take(limit, 1'000'000'000'000), 0s);
}

TEST_F(RateLimitTest, passes_bytes_at_its_rate) {
  RateLimit limit(loop.clock, kRate);
  EXPECT_FALSE(limit.unlimited());
  const TimePoint begun = loop.clock.now();
  loop.run(take_in_pieces(limit, 10'000, 1000));
  EXPECT_EQ(loop.clock.now() - begun, 5s);
}

TEST_F(RateLimitTest, lets_a_little_pass_at_once_and_the_next_one_pays) {
  RateLimit limit(loop.clock, kRate);
  EXPECT_TRUE(limit.take_now(2'000));
  EXPECT_EQ(time_to_take(limit, 2'000), 2ms);
  EXPECT_TRUE(limit.saturated());
  int passed = 0;
  while (limit.take_now(1'000) && passed < 1000) ++passed;
  EXPECT_EQ(passed, 50);
  pass(1s);
  EXPECT_FALSE(limit.saturated());
  EXPECT_EQ(limit.part_bytes(), 8 * 1024U);
  EXPECT_EQ(RateLimit(loop.clock, 0).part_bytes(), 64 * 1024U);
}

Task<void> take_a_little_each_ms(Clock& clock, RateLimit& limit, std::uint64_t bytes, int times,
                                 int& passed) {
  for (int i = 0; i < times; ++i) {
    if (limit.take_now(bytes)) ++passed;
    co_await clock.sleep_for(1ms);
  }
}

TEST_F(RateLimitTest, a_little_does_not_wait_behind_much_until_it_is_half_of_all) {
  RateLimit limit(loop.clock, kRate);
  TaskGroup much(loop.waits, "much");
  for (int i = 0; i < 200; ++i) much.spawn(limit.take(100'000));  // ten seconds
  int of_few = 0;
  loop.run(take_a_little_each_ms(loop.clock, limit, 900, 1000, of_few));
  EXPECT_EQ(of_few, 1000);
  int of_many = 0;
  loop.run(take_a_little_each_ms(loop.clock, limit, 2'000, 1000, of_many));
  EXPECT_EQ(of_many, 550);  // a twentieth of a second is saved up
  loop.run(much.stop());
}

TEST_F(RateLimitTest, begins_with_an_empty_bucket) {
  RateLimit limit(loop.clock, kRate);
  EXPECT_EQ(time_to_take(limit, 2'000), 1ms);
}

TEST_F(RateLimitTest, saves_up_a_twentieth_of_a_second_and_no_more) {
  RateLimit limit(loop.clock, kRate);
  pass(1h);
  EXPECT_EQ(time_to_take(limit, 100'000), 0s);
  EXPECT_EQ(time_to_take(limit, 2), 1us);
  pass(50ms);
  EXPECT_EQ(time_to_take(limit, 100'000), 0s);
  pass(49ms);
  EXPECT_EQ(time_to_take(limit, 100'000), 1ms);
}

TEST_F(RateLimitTest, saves_up_64_kib_even_at_a_low_rate) {
  RateLimit limit(loop.clock, 1024);
  pass(64s);
  EXPECT_EQ(time_to_take(limit, 64 * 1024), 0s);
  EXPECT_EQ(time_to_take(limit, 1024), 1s);
}

TEST_F(RateLimitTest, more_than_the_bucket_holds_still_passes) {
  RateLimit limit(loop.clock, kRate);
  EXPECT_EQ(time_to_take(limit, 20'000'000), 10s);
}

TEST_F(RateLimitTest, serves_callers_in_order) {
  RateLimit limit(loop.clock, kRate);
  TaskGroup callers(loop.waits, "callers");
  std::vector<int> order;
  callers.spawn(take_and_note(limit, 1'000'000, 1, order));
  callers.spawn(take_and_note(limit, 1, 2, order));
  callers.spawn(take_and_note(limit, 500'000, 3, order));
  callers.spawn(take_and_note(limit, 0, 4, order));
  loop.run();
  EXPECT_EQ(order, (std::vector{1, 2, 3, 4}));
}

TEST_F(RateLimitTest, what_was_given_up_in_waiting_holds_up_nobody) {
  RateLimit limit(loop.clock, kRate);
  {
    TaskGroup callers(loop.waits, "callers");
    for (int i = 0; i < 10; ++i) callers.spawn(limit.take(2'000'000));
    loop.context.poll();
    callers.cancel();
    loop.context.restart();
    loop.context.poll();
    EXPECT_EQ(callers.size(), 0);
  }
  EXPECT_EQ(time_to_take(limit, 2'000), 1ms);
}

}  // namespace
}  // namespace shoal
