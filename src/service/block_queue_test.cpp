#include "service/block_queue.h"

#include <gtest/gtest.h>

#include <variant>

#include "system/test_loop.h"

namespace shoal::service {
namespace {

using Queue = BlockQueue<std::monostate>;

Task<SharedBytes> nothing(Cid) {
  co_return SharedBytes(Bytes{});
}

std::vector<Queue::Ask> asks(std::size_t count) {
  static const Cid kCid = Cid::v1(Codec::raw, Multihash::sha2_256({}));
  return {count, Queue::Ask{kCid, {}}};
}

TEST(BlockQueue, J3_keeps_as_many_as_its_bound_in_mind_and_no_more) {
  shoal::testing::TestLoop loop;
  Queue queue(loop.waits, nothing, 1);
  queue.put_front(asks(2));
  queue.put_front(asks(Queue::kMaxWaiting - 2));
  EXPECT_THROW(queue.put_front(asks(1)), Error);
  queue.put_front(asks(0));
  loop.run(queue.stop());
}

}  // namespace
}  // namespace shoal::service
