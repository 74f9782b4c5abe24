#include "service/block_queue.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "system/test_loop.h"

namespace shoal::service {
namespace {

using Queue = BlockQueue<int>;

class BlockQueues : public ::testing::Test {
 protected:
  Task<SharedBytes> fetch(Cid cid) {
    co_await loop.clock.sleep_for(1ms);
    ++fetched[cid];
    co_return SharedBytes(Bytes(block_bytes));
  }
  Queue::Fetch fetcher() {
    return [this](Cid cid) { return fetch(std::move(cid)); };
  }
  static Cid cid_of(int number) {
    return Cid::v1(Codec::raw, Multihash::sha2_256(to_bytes(std::to_string(number))));
  }
  static std::vector<Queue::Ask> asks(int count) {
    std::vector<Queue::Ask> out;
    for (int i = 0; i < count; ++i) out.push_back({cid_of(i), i});
    return out;
  }
  Task<void> take_all(Queue& queue) {
    while (!queue.empty()) {
      most_held = std::max(most_held, read_ahead.bytes);
      const Queue::Got got = co_await queue.take();
      (got.skipped ? skipped : taken).push_back(got.what);
    }
  }

  static Task<void> take_one(Queue& queue) { co_await queue.take(); }

  testing::TestLoop loop;
  ReadAhead read_ahead;
  std::size_t block_bytes = 10;
  std::map<Cid, int> fetched;
  std::vector<int> taken;
  std::vector<int> skipped;
  std::size_t most_held = 0;
};

TEST_F(BlockQueues, keeps_as_many_as_its_bound_in_mind_and_no_more) {
  Queue queue(loop.waits, fetcher(), 1, read_ahead);
  const Queue::Ask ask{cid_of(1), 1};
  queue.put_front({2, ask});
  queue.put_front({Queue::kMaxWaiting - 2, ask});
  EXPECT_THROW(queue.put_front({ask}), Error);
  queue.put_front({});
  loop.run(queue.stop());
}

TEST_F(BlockQueues, hands_over_in_order_and_gives_back_what_it_held) {
  Queue queue(loop.waits, fetcher(), 4, read_ahead);
  queue.put_front(asks(10));
  loop.run(run_and_stop(queue, take_all(queue)));
  EXPECT_EQ(taken, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(read_ahead.bytes, 0U);
}

TEST_F(BlockQueues, what_comes_early_is_dropped_when_there_is_no_room) {
  read_ahead.max_bytes = 100;
  block_bytes = 60;
  Queue queue(loop.waits, fetcher(), 8, read_ahead);
  queue.put_front(asks(10));
  loop.run(run_and_stop(queue, take_all(queue)));
  EXPECT_EQ(taken.size(), 10U);
  EXPECT_LE(most_held, 120U);
  // Dropped once, then fetched when it is their turn.
  for (const auto& [cid, times] : fetched) EXPECT_LE(times, 2);
  EXPECT_EQ(read_ahead.bytes, 0U);
}

TEST_F(BlockQueues, what_nobody_needs_any_more_is_not_fetched) {
  const auto odd = [](const Queue::Ask& ask) { return ask.what % 2 == 1; };
  Queue queue(loop.waits, fetcher(), 3, read_ahead, odd);
  queue.put_front(asks(6));
  loop.run(run_and_stop(queue, take_all(queue)));
  EXPECT_EQ(taken, (std::vector<int>{1, 3, 5}));
  EXPECT_EQ(skipped, (std::vector<int>{0, 2, 4}));
  EXPECT_EQ(fetched.size(), 3U);
}

TEST_F(BlockQueues, stopped_midway_gives_back_what_it_held) {
  Queue queue(loop.waits, fetcher(), 4, read_ahead);
  queue.put_front(asks(10));
  loop.run(run_and_stop(queue, take_one(queue)));
  EXPECT_EQ(read_ahead.bytes, 0U);
}

}  // namespace
}  // namespace shoal::service
