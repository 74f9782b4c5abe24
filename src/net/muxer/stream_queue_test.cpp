#include "net/muxer/stream_queue.h"

#include <gtest/gtest.h>

#include <random>

namespace shoal::net {
namespace {

TEST(StreamQueue, gives_back_what_was_put_in_whatever_the_pieces) {
  std::minstd_rand chance(1);
  Bytes sent;
  Bytes received;
  StreamQueue queue;
  for (int round = 0; round < 2000; ++round) {
    Bytes piece(chance() % 3000);
    for (auto& byte : piece) byte = static_cast<std::uint8_t>(chance());
    append(sent, piece);
    queue.put(piece);
    Bytes into(chance() % 4000);
    into.resize(queue.take(into));
    append(received, into);
    EXPECT_EQ(queue.size(), sent.size() - received.size());
  }
  Bytes rest(queue.size());
  EXPECT_EQ(queue.take(rest), rest.size());
  append(received, rest);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(received, sent);
}

TEST(StreamQueue, of_nothing_gives_nothing) {
  StreamQueue queue;
  queue.put({});
  EXPECT_TRUE(queue.empty());
  Bytes into(8);
  EXPECT_EQ(queue.take(into), 0U);
}

}  // namespace
}  // namespace shoal::net
