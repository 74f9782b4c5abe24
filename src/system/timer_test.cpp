#include "system/timer.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "system/test_loop.h"

namespace shoal {
namespace {

class TimerTest : public ::testing::Test {
 protected:
  TimePoint in(Duration duration) const { return loop.clock.now() + duration; }

  testing::TestLoop loop;
  std::vector<TimePoint> rang;
  std::optional<Timer> timer{std::in_place, loop.clock,
                             [this] { rang.push_back(loop.clock.now()); }};
};

TEST_F(TimerTest, rings_once_at_its_deadline) {
  const TimePoint deadline = in(3s);
  timer->set(deadline);
  loop.run();
  EXPECT_EQ(rang, std::vector{deadline});
}

TEST_F(TimerTest, rings_at_the_deadline_that_was_set_last) {
  const TimePoint deadline = in(5s);
  timer->set(in(1s));
  timer->set(in(7s));
  timer->set(deadline);
  loop.run();
  EXPECT_EQ(rang, std::vector{deadline});
}

TEST_F(TimerTest, is_silent_once_stopped_or_destroyed) {
  timer->set(in(1s));
  timer->stop();
  loop.run();
  timer->set(in(1s));
  timer.reset();
  loop.run();
  EXPECT_TRUE(rang.empty());
}

TEST_F(TimerTest, is_silent_when_destroyed_between_deadline_and_ringing) {
  timer->set(in(1s));
  loop.clock.step();
  timer.reset();
  loop.run();
  EXPECT_TRUE(rang.empty());
}

TEST_F(TimerTest, can_be_set_anew_while_it_rings) {
  int rings = 0;
  std::optional<Timer> again;
  again.emplace(loop.clock, [&] {
    if (++rings < 3) again->set(in(1s));
  });
  again->set(in(1s));
  loop.run();
  EXPECT_EQ(rings, 3);
}

}  // namespace
}  // namespace shoal
