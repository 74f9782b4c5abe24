#include "protocol/tunnel/received.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace shoal::tunnel {
namespace {

constexpr std::size_t kHeader = 4;

/// Reads one frame of `bytes` content, all of them `value`.
void read_frame(Received& received, std::size_t bytes, std::uint8_t value) {
  const MutableBytes space = received.space(BufferPool::kBytes);
  ASSERT_GE(space.size(), kHeader + bytes);
  std::ranges::fill(space.subspan(kHeader, bytes), value);
  received.add(space.subspan(kHeader, bytes));
}

Bytes take_all(Received& received) {
  Bytes out;
  while (received.bytes() > 0) {
    std::size_t bytes = 0;
    for (const ByteView piece : received.gather()) {
      append(out, piece);
      bytes += piece.size();
    }
    received.drop(bytes);
  }
  return out;
}

TEST(TunnelReceived, gives_back_what_came_in_order) {
  BufferPool pool;
  Received received(pool);
  Bytes expected;
  for (int i = 0; i < 200; ++i) {
    const std::size_t bytes = i % 2 == 0 ? 20'000 : 7;
    read_frame(received, bytes, static_cast<std::uint8_t>(i));
    expected.insert(expected.end(), bytes, static_cast<std::uint8_t>(i));
  }
  EXPECT_EQ(received.bytes(), expected.size());
  EXPECT_EQ(take_all(received), expected);
}

TEST(TunnelReceived, small_pieces_are_moved_together) {
  BufferPool pool;
  Received received(pool);
  for (int i = 0; i < 1000; ++i) read_frame(received, 1, 'x');
  EXPECT_EQ(received.gather().size(), 1U);
  EXPECT_EQ(take_all(received), Bytes(1000, 'x'));
}

TEST(TunnelReceived, a_write_is_gathered_up_to_a_bound) {
  BufferPool pool;
  Received received(pool);
  for (int i = 0; i < 100; ++i) read_frame(received, 30'000, 'x');
  std::size_t bytes = 0;
  const auto pieces = received.gather();
  for (const ByteView piece : pieces) bytes += piece.size();
  EXPECT_EQ(bytes, Received::kMaxGatheredBytes);
  EXPECT_LE(pieces.size(), Received::kMaxGathered);
}

TEST(TunnelReceived, what_is_lent_stays_while_more_comes) {
  BufferPool pool;
  Received received(pool);
  read_frame(received, 100, 'a');
  const auto lent = received.gather();
  read_frame(received, 100, 'b');
  EXPECT_TRUE(std::ranges::all_of(lent[0], [](std::uint8_t byte) { return byte == 'a'; }));
  received.drop(100);
  EXPECT_EQ(take_all(received), Bytes(100, 'b'));
}

TEST(TunnelReceived, buffers_are_reused_and_16_are_kept) {
  BufferPool pool;
  {
    Received received(pool);
    for (int i = 0; i < 50; ++i) read_frame(received, 100'000, 'x');
    take_all(received);
    EXPECT_EQ(pool.kept(), BufferPool::kMaxKept);
    received.space(BufferPool::kBytes);
    received.release_buffer();
  }
  EXPECT_EQ(pool.kept(), BufferPool::kMaxKept);
  const Bytes reused = pool.take(BufferPool::kBytes);
  EXPECT_EQ(reused.size(), BufferPool::kBytes);
  EXPECT_EQ(pool.kept(), BufferPool::kMaxKept - 1);
}

}  // namespace
}  // namespace shoal::tunnel
