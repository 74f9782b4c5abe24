#include "system/stream_pair.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "system/task_group.h"
#include "system/test_loop.h"

namespace shoal {
namespace {

Task<void> send(Stream& stream, Bytes bytes) {
  co_await write_all(stream, bytes);
  co_await stream.close_write();
}

Task<void> receive(Stream& stream, Bytes& all) {
  Bytes part(1000);
  while (const std::size_t got = co_await stream.read_some(part)) {
    append(all, ByteView(part).first(got));
  }
}

Bytes all_of(testing::TestLoop& loop, Stream& stream) {
  Bytes all;
  loop.run(receive(stream, all));
  return all;
}

TEST(StreamPair, carries_bytes_both_ways_and_ends_each_by_itself) {
  testing::TestLoop loop;
  auto [one, other] = make_stream_pair(loop.waits);
  TaskGroup tasks(loop.waits, "senders");
  const Bytes much(1'000'000, 7);
  tasks.spawn(send(*one, much));
  tasks.spawn(send(*other, to_bytes("answer")));
  EXPECT_EQ(all_of(loop, *other), much);
  EXPECT_EQ(all_of(loop, *one), to_bytes("answer"));
  loop.run(tasks.join());
}

Task<void> write_for_ever(Stream& stream, std::size_t& written) {
  const Bytes one(1);
  while (true) {
    co_await write_all(stream, one);
    ++written;
  }
}

TEST(StreamPair, holds_64_KiB_and_not_a_byte_more) {
  testing::TestLoop loop;
  auto [one, other] = make_stream_pair(loop.waits);
  TaskGroup tasks(loop.waits, "writer");
  std::size_t written = 0;
  tasks.spawn(write_for_ever(*one, written));
  Bytes first(1);
  loop.run(read_exactly(*other, first));
  EXPECT_LE(written, kPairBytes + 1);
  loop.run(tasks.stop());
}

TEST(StreamPair, a_break_is_known_at_the_other_end) {
  testing::TestLoop loop;
  auto [one, other] = make_stream_pair(loop.waits);
  one.reset();
  EXPECT_THROW(all_of(loop, *other), Error);
}

TEST(StreamPair, what_was_sent_whole_is_read_after_the_sender_has_gone) {
  testing::TestLoop loop;
  auto [one, other] = make_stream_pair(loop.waits);
  loop.run(other->close_write());
  loop.run(send(*one, to_bytes("last words")));
  EXPECT_EQ(all_of(loop, *one), Bytes());
  one.reset();
  EXPECT_EQ(all_of(loop, *other), to_bytes("last words"));
}

}  // namespace
}  // namespace shoal
