#include <gtest/gtest.h>

#include "net/transport/quic/quic_sim_testing.h"

namespace shoal::quic {
namespace {

constexpr std::uint64_t kLine = 25'000'000;  // bytes a second: 200 Mbit/s

/// One transfer over a line of 200 Mbit/s.
class QuicLine : public ::testing::Test, public testing::QuicPair {
 protected:
  void TearDown() override { end(); }
  void begin_on_line(Duration round_trip, double loss) {
    begin(round_trip / 2, {.up = kLine, .down = kLine}, loss);
  }

  static Task<void> send(Stream& stream, std::size_t bytes) {
    const Bytes chunk(256 * 1024, 7);
    for (std::size_t sent = 0; sent < bytes; sent += chunk.size()) {
      co_await write_all(stream, chunk);
    }
    co_await stream.close_write();
  }

  static Task<void> receive(Stream& stream, std::size_t bytes) {
    Bytes buffer(64 * 1024);
    for (std::size_t got = 0; got < bytes;) {
      const std::size_t count = co_await stream.read_some(buffer);
      if (count == 0) throw Error(ErrorCode::closed, "the end came too early");
      got += count;
    }
  }
};

TEST_F(QuicLine, is_used_well_though_it_loses_packets) {
  begin_on_line(40ms, 0.01);
  auto [here, there] = stream();
  TaskGroup sending(world->waits(), "sender");
  sending.spawn(send(*here, 40'000'000));
  world->run(receive(*there, 8'000'000));
  const TimePoint begun = world->now();
  const std::size_t measured = 25'000'000;
  world->run(receive(*there, measured));
  const double taken = std::chrono::duration<double>(world->now() - begun).count();
  EXPECT_GE(static_cast<double>(measured) / taken, 0.8 * static_cast<double>(kLine));
  world->run(sending.stop());
}

/// A sender that doubles what it sends in each round trip loses more and more of it, before it
/// finds out.
TEST_F(QuicLine, that_is_long_does_not_break_the_connection) {
  begin_on_line(200ms, 0);
  auto [here, there] = stream();
  TaskGroup sending(world->waits(), "sender");
  const std::size_t size = 60'000'000;
  sending.spawn(send(*here, size));
  world->run(receive(*there, size));
  world->run(sending.join());
  EXPECT_FALSE(server->closed());
}

/// 90 packets arrive in a millisecond.
TEST_F(QuicLine, that_is_fast_carries_few_acknowledgements) {
  constexpr std::uint64_t kGigabit = 125'000'000;
  begin(2ms, {.up = kGigabit, .down = kGigabit});
  auto [here, there] = stream();
  std::size_t small = 0;
  std::size_t large = 0;
  world->write_packets_to([&](ByteView record) { ++(record.size() < 200 ? small : large); });
  TaskGroup sending(world->waits(), "sender");
  const std::size_t size = 20'000'000;
  sending.spawn(send(*here, size));
  world->run(receive(*there, size));
  world->run(sending.join());
  world->write_packets_to([](ByteView) {});
  EXPECT_GT(large, size / 1350);
  EXPECT_LT(small, large / 10);
}

}  // namespace
}  // namespace shoal::quic
