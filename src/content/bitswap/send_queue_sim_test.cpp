#include "content/bitswap/send_queue.h"

#include <gtest/gtest.h>

#include <vector>

#include "content/bitswap/copy_counts.h"
#include "system/sim/world.h"

namespace shoal::content::bitswap {
namespace {

constexpr std::size_t kBlock = 1 << 20;

struct SendQueues : ::testing::Test {
  ~SendQueues() override {
    world.run(tasks.stop());
    world.run(queue.stop());
  }
  void send(std::uint32_t copies, Duration takes, int name, bool gives = true) {
    tasks.spawn(hold(*this,
                     {.gives = gives, .copies = [copies] { return copies; }, .bytes = kBlock},
                     takes, name));
  }
  static Task<void> hold(SendQueues& test, SendQueue::Claim claim, Duration takes, int name) {
    const auto turn = co_await test.queue.take(claim);
    test.begun.push_back(name);
    co_await test.world.clock().sleep_for(takes);
    turn->note_sent();
  }

  sim::World world;
  System& system = world.add_host().system();
  SendQueue queue{system};
  TaskGroup tasks{system.waits, "test"};
  std::vector<int> begun;
};

TEST_F(SendQueues, three_at_once_and_one_while_our_line_is_full) {
  for (int i = 0; i < 5; ++i) send(0, 1s, i);
  world.run_for(10ms);
  EXPECT_EQ(begun.size(), SendQueue::kAtOnce);
  EXPECT_EQ(queue.waiting(), 2u);
  queue.when_saturated([] { return true; });
  world.run_for(1s);
  EXPECT_EQ(begun.size(), SendQueue::kAtOnce + 1);
}

TEST_F(SendQueues, what_fewest_have_goes_first_unless_another_waits_for_long) {
  queue.when_saturated([] { return true; });
  send(0, 500ms, 0);
  world.run_for(10ms);
  send(2, 500ms, 2);
  send(1, 500ms, 1);
  send(0, 500ms, 3);
  world.run_for(1600ms);
  EXPECT_EQ(begun, (std::vector{0, 3, 1, 2}));
  begun.clear();
  for (int i = 0; i < 7; ++i) send(0, 500ms, 0);
  send(1, 500ms, 1);
  world.run_for(1s);
  for (int i = 0; i < 7; ++i) send(0, 500ms, 2);
  world.run_for(SendQueue::kPatience);
  EXPECT_EQ(std::ranges::count(begun, 1), 1);
}

TEST_F(SendQueues, one_of_32_is_for_those_that_give_nothing) {
  queue.when_saturated([] { return true; });
  for (int i = 0; i < 96; ++i) send(0, 10ms, 0, false);
  for (int i = 0; i < 96; ++i) send(3, 10ms, 1);
  world.run_for(960ms);
  EXPECT_NEAR(static_cast<double>(begun.size()), 96, 2);
  EXPECT_GE(std::ranges::count(begun, 0), 4);
  EXPECT_LE(std::ranges::count(begun, 0), 6);
}

TEST_F(SendQueues, those_that_give_nothing_leave_a_turn_to_one_that_gives) {
  for (int i = 0; i < 5; ++i) send(0, 1min, 0, false);
  world.run_for(10ms);
  EXPECT_EQ(begun.size(), SendQueue::kOthersAtOnce);
  // It asks for each turn when it has had the last.
  for (int i = 0; i < 20; ++i) {
    send(0, 4ms, 1);
    world.run_for(10ms);
  }
  EXPECT_EQ(std::ranges::count(begun, 1), 20);
}

TEST_F(SendQueues, a_slow_receiver_gives_its_turn_up) {
  queue.when_saturated([] { return true; });
  send(0, 100ms, 0);
  world.run_for(200ms);
  send(0, 1min, 1);
  world.run_for(10ms);
  send(0, 100ms, 2);
  world.run_for(400ms);
  EXPECT_EQ(begun.size(), 2u);
  world.run_for(300ms);
  EXPECT_EQ(begun.size(), 3u);
}

TEST(CopyCounts, forget_the_oldest_half_when_there_are_too_many) {
  CopyCounts counts(1);
  const auto hash = [](std::size_t i) { return Multihash::sha2_256(as_bytes(std::to_string(i))); };
  counts.add(hash(0), 7);
  counts.add(hash(0), 7);
  EXPECT_EQ(counts.of(hash(0)), 2u);
  EXPECT_FALSE(counts.only_holder(hash(0)));
  counts.take_back(hash(0));
  counts.take_back(hash(1));
  EXPECT_EQ(counts.of(hash(0)), 1u);
  EXPECT_EQ(counts.only_holder(hash(0)), 7u);
  for (std::size_t i = 1; i <= CopyCounts::kMaxBlocks; ++i) counts.add(hash(i), 8);
  EXPECT_LE(counts.size(), CopyCounts::kMaxBlocks);
  EXPECT_EQ(counts.of(hash(0)), 0u);
  EXPECT_EQ(counts.of(hash(CopyCounts::kMaxBlocks)), 1u);
}

}  // namespace
}  // namespace shoal::content::bitswap
