#include "net/transport/quic/deadlines.h"

#include <gtest/gtest.h>

#include <vector>

#include "system/sim/world.h"

namespace shoal::quic {
namespace {

class DeadlinesTest : public ::testing::Test {
 protected:
  void on_time(TimePoint now) {
    ++rings_;
    while (const std::uint64_t who = deadlines_.take_due(now)) due_.emplace_back(who, now - start_);
  }
  void run(Duration duration) { world_.run_for(duration); }

  sim::World world_{sim::WorldOptions{}};
  TimePoint start_ = world_.clock().now();
  Deadlines deadlines_{world_.clock(), [this](TimePoint now) { on_time(now); }};
  int rings_ = 0;
  std::vector<std::pair<std::uint64_t, Duration>> due_;
};

using Due = std::vector<std::pair<std::uint64_t, Duration>>;

TEST_F(DeadlinesTest, are_due_in_order_of_time) {
  deadlines_.set(1, start_ + 30ms);
  deadlines_.set(2, start_ + 10ms);
  deadlines_.set(3, start_ + 20ms);
  run(1s);
  EXPECT_EQ(due_, (Due{{2, 10ms}, {3, 20ms}, {1, 30ms}}));
}

TEST_F(DeadlinesTest, one_that_keeps_moving_later_rings_once_in_vain) {
  for (int i = 1; i <= 100; ++i) deadlines_.set(1, start_ + 10ms + i * 10us);
  run(1s);
  EXPECT_EQ(due_, (Due{{1, 11ms}}));
  EXPECT_EQ(rings_, 2);
}

TEST_F(DeadlinesTest, one_that_moves_earlier_is_due_then) {
  deadlines_.set(1, start_ + 1s);
  deadlines_.set(1, start_ + 1ms);
  run(2s);
  EXPECT_EQ(due_, (Due{{1, 1ms}}));
}

TEST_F(DeadlinesTest, one_that_was_cleared_is_never_due) {
  deadlines_.set(1, start_ + 1ms);
  deadlines_.set(2, start_ + 2ms);
  deadlines_.clear(1);
  deadlines_.set(2, TimePoint::max());
  run(1s);
  EXPECT_TRUE(due_.empty());
}

}  // namespace
}  // namespace shoal::quic
