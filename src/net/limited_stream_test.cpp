#include "net/limited_stream.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "net/scripted_stream.h"
#include "system/test_loop.h"

namespace shoal::net {
namespace {

using testing::Script;
using testing::ScriptedStream;

struct Limited {
  explicit Limited(std::uint64_t up_rate, std::uint64_t down_rate)
      : up(loop.clock, up_rate),
        down(loop.clock, down_rate),
        stream(std::make_unique<ScriptedStream>(script), Bandwidth{up, down}) {}

  Duration time_of(Task<void> task) {
    const TimePoint begun = loop.clock.now();
    loop.run(std::move(task));
    return loop.clock.now() - begun;
  }

  static Task<void> drain(Stream& stream, std::size_t at_once, Bytes& into) {
    Bytes buffer(at_once);
    while (const std::size_t got = co_await stream.read_some(buffer)) {
      append(into, ByteView(buffer).first(got));
    }
  }

  shoal::testing::TestLoop loop;
  Script script;
  RateLimit up;
  RateLimit down;
  LimitedStream stream;
};

TEST(LimitedStream, without_limits_gathers_and_never_waits) {
  Limited limited(0, 0);
  const Bytes header(12, 1);
  const Bytes body(1'000'000, 2);
  const std::array<ByteView, 2> pieces = {header, body};
  EXPECT_EQ(limited.time_of(limited.stream.write(pieces)), 0s);
  ASSERT_EQ(limited.script.written.size(), 1);
  EXPECT_EQ(limited.script.pieces_written, 2);
  EXPECT_EQ(limited.script.written[0].size(), 1'000'012);
}

TEST(LimitedStream, tells_what_passed_with_a_limit_and_without) {
  for (const std::uint64_t rate : {0, 10'000'000}) {
    Limited limited(rate, rate);
    limited.script.incoming = {Bytes(300), Bytes(5'000)};
    const std::array<ByteView, 1> small = {ByteView(limited.script.incoming[0])};
    const Bytes body(200'000, 2);
    const std::array<ByteView, 1> large = {body};
    limited.time_of(limited.stream.write(small));
    EXPECT_EQ(limited.up.total(), 300u);
    limited.time_of(limited.stream.write(large));
    EXPECT_EQ(limited.up.total(), 200'300u);
    Bytes got;
    limited.time_of(Limited::drain(limited.stream, 1'000, got));
    EXPECT_EQ(limited.down.total(), 5'300u);
  }
}

TEST(LimitedStream, without_limits_reads_as_much_as_is_asked) {
  Limited limited(0, 0);
  limited.script.incoming = {Bytes(1'000'000)};
  Bytes got;
  EXPECT_EQ(limited.time_of(Limited::drain(limited.stream, 1'000'000, got)), 0s);
  EXPECT_EQ(limited.script.asked.front(), 1'000'000);
}

TEST(LimitedStream, writes_at_the_rate_every_byte_in_order) {
  Limited limited(1'000'000, 0);
  Bytes first(300'000);
  for (std::size_t i = 0; i < first.size(); ++i) first[i] = static_cast<std::uint8_t>(i * 7 / 5);
  const Bytes second(700'000, 9);
  const std::array<ByteView, 3> pieces = {first, ByteView(), second};
  EXPECT_EQ(limited.time_of(limited.stream.write(pieces)), 1s);
  Bytes all;
  for (const Bytes& part : limited.script.written) {
    EXPECT_LE(part.size(), 64 * 1024);
    append(all, part);
  }
  append(first, second);
  EXPECT_EQ(all, first);
}

TEST(LimitedStream, reads_at_the_rate_in_small_turns) {
  Limited limited(0, 1'000'000);
  limited.script.incoming = {Bytes(1'000'000)};
  Bytes got;
  EXPECT_EQ(limited.time_of(Limited::drain(limited.stream, 500'000, got)), 1s);
  EXPECT_EQ(got.size(), 1'000'000);
  for (const std::size_t asked : limited.script.asked) EXPECT_LE(asked, 64 * 1024);
}

TEST(LimitedStream, counts_each_way_for_itself) {
  Limited limited(4'000, 0);
  limited.script.incoming = {Bytes(1'000'000)};
  Bytes got;
  EXPECT_EQ(limited.time_of(Limited::drain(limited.stream, 100'000, got)), 0s);
  EXPECT_EQ(limited.time_of(write_all(limited.stream, Bytes(4'000))), 1s);
}

/// Requests do not wait behind blocks, but they count.
TEST(LimitedStream, small_writes_pass_a_full_line_and_are_paid_for_later) {
  Limited limited(1'000'000, 0);
  EXPECT_EQ(limited.time_of(write_all(limited.stream, Bytes(1'024))), 0s);
  EXPECT_GT(limited.time_of(write_all(limited.stream, Bytes(1'000'000))), 1s);
}

TEST(LimitedStream, ends_and_breaks_at_once) {
  Limited limited(1, 1);
  limited.script.incoming = {};
  Bytes got;
  EXPECT_EQ(limited.time_of(Limited::drain(limited.stream, 10, got)), 0s);
  EXPECT_EQ(limited.time_of(limited.stream.close_write()), 0s);
  limited.stream.abort();
  EXPECT_TRUE(limited.script.write_closed);
  EXPECT_TRUE(limited.script.aborted);
}

}  // namespace
}  // namespace shoal::net
