#include "node/running_limits.h"

#include <gtest/gtest.h>

#include "system/sim/world.h"
#include "system/whole_file.h"

namespace shoal::node {
namespace {

struct RunningLimitsTest : ::testing::Test {
  RunningLimitsTest() { system.storage.make_folder("/home"); }

  void write(std::string_view text) {
    replace_whole(system.storage, "/home/limits", as_bytes(text));
  }

  sim::World world;
  System& system{world.add_host().system()};
};

TEST_F(RunningLimitsTest, sees_an_order_once_and_the_same_again_when_it_is_given_again) {
  LimitOrders orders(system.storage, "/home");
  EXPECT_FALSE(orders.next());
  order_limits(system, "/home", {.up = 5'000'000, .down = std::nullopt});
  const auto first = orders.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->up, 5'000'000u);
  EXPECT_FALSE(first->down);
  EXPECT_FALSE(orders.next());
  world.run_for(1s);
  order_limits(system, "/home", {.up = 5'000'000, .down = std::nullopt});
  EXPECT_TRUE(orders.next());
}

TEST_F(RunningLimitsTest, leaves_alone_what_was_ordered_before_it_began) {
  order_limits(system, "/home", {.up = 1, .down = 2});
  LimitOrders orders(system.storage, "/home");
  EXPECT_FALSE(orders.next());
}

TEST_F(RunningLimitsTest, takes_nothing_from_a_file_that_is_none_of_its_own) {
  LimitOrders orders(system.storage, "/home");
  write("up 12x\ndown\nup\n down 3\n");
  const auto order = orders.next();
  ASSERT_TRUE(order);
  EXPECT_FALSE(order->up);
  EXPECT_FALSE(order->down);
  write(std::string(1000, 'u'));
  EXPECT_FALSE(orders.next());
}

}  // namespace
}  // namespace shoal::node
