#include <gtest/gtest.h>

#include <array>

#include "system/sim/test_hosts.h"

namespace shoal::sim {
namespace {

/// Notes when the stream has something to say.
Task<void> note_when_readable(World& world, Stream& stream, TimePoint& when) {
  co_await stream.wait_readable();
  when = world.now();
}

class WaitReadable : public ::testing::Test {
 protected:
  WaitReadable() { tasks.spawn(note_when_readable(world, *pair.client, readable_at)); }
  ~WaitReadable() override { world.run(tasks.stop()); }

  bool returned() const { return readable_at != TimePoint::max(); }

  World world{{.path = {.latency = 10ms}}};
  Host& a = world.add_host();
  Host& b = world.add_host();
  StreamPair pair = connect_pair(world, a, b);
  TimePoint readable_at = TimePoint::max();
  TaskGroup tasks{world.waits(), "reader"};
};

TEST_F(WaitReadable, returns_when_bytes_arrive_and_takes_none) {
  world.run_for(1s);
  EXPECT_FALSE(returned());
  const TimePoint sent = world.now();
  world.run(write_all(*pair.server, as_bytes("abc")));
  world.run_for(1s);
  EXPECT_EQ(readable_at, sent + 10ms);
  std::array<std::uint8_t, 8> into{};
  EXPECT_EQ(world.run(pair.client->read_some(into)), 3u);
}

TEST_F(WaitReadable, returns_at_the_end_of_the_stream) {
  world.run(pair.server->close_write());
  world.run_for(1s);
  EXPECT_TRUE(returned());
  std::array<std::uint8_t, 8> into{};
  EXPECT_EQ(world.run(pair.client->read_some(into)), 0u);
}

TEST_F(WaitReadable, returns_when_the_stream_breaks) {
  pair.server->abort();
  world.run_for(1s);
  EXPECT_TRUE(returned());
}

}  // namespace
}  // namespace shoal::sim
