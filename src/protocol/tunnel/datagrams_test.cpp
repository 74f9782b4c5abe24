#include "protocol/tunnel/datagrams.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"

namespace shoal::tunnel {
namespace {

std::vector<Bytes> read_all(DatagramReader& reader, ByteView bytes, std::size_t step) {
  std::vector<Bytes> out;
  while (!bytes.empty()) {
    const ByteView part = bytes.first(std::min(step, bytes.size()));
    reader.receive(part, [&out](ByteView datagram) { out.push_back(to_bytes(datagram)); });
    bytes = bytes.subspan(part.size());
  }
  return out;
}

TEST(TunnelDatagrams, come_out_whole_however_the_stream_is_cut) {
  const std::vector<Bytes> sent = {Bytes(1, 'a'), Bytes(), Bytes(1400, 'b'), Bytes(65'507, 'c')};
  DatagramQueue queue;
  for (const Bytes& each : sent) EXPECT_TRUE(queue.push(each));
  const Bytes framed = queue.take();
  EXPECT_TRUE(queue.empty());
  for (const std::size_t step : {1UL, 3UL, 1000UL, 200'000UL}) {
    DatagramReader reader;
    EXPECT_EQ(read_all(reader, framed, step), sent) << step;
  }
}

TEST(TunnelDatagrams, of_65507_bytes_are_taken_and_not_a_byte_more) {
  DatagramQueue queue;
  EXPECT_TRUE(queue.push(Bytes(kMaxDatagramBytes)));
  EXPECT_FALSE(queue.push(Bytes(kMaxDatagramBytes + 1)));
  DatagramReader reader;
  EXPECT_TRUE(read_all(reader, Bytes{0xff, 0xe3}, 2).empty());  // 65507
  DatagramReader other;
  EXPECT_THROW(read_all(other, Bytes{0xff, 0xe4}, 2), Error);
}

TEST(TunnelDatagrams, what_waits_is_bounded_by_count_and_bytes) {
  DatagramQueue small;
  for (std::size_t i = 0; i < DatagramQueue::kMaxDatagrams; ++i) EXPECT_TRUE(small.push(Bytes(1)));
  EXPECT_FALSE(small.push(Bytes(1)));
  DatagramQueue large;
  std::size_t taken = 0;
  while (large.push(Bytes(30'000))) ++taken;
  EXPECT_EQ(taken, DatagramQueue::kMaxBytes / (30'000 + kDatagramHeaderBytes));
  EXPECT_LE(large.take().size(), DatagramQueue::kMaxBytes);
  EXPECT_TRUE(large.push(Bytes(30'000)));
}

}  // namespace
}  // namespace shoal::tunnel
