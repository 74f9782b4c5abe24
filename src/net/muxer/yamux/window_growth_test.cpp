#include <gtest/gtest.h>

#include <deque>

#include "net/muxer/yamux/session_pair.h"

// One stream over a modelled path: a rate, a delay, and time that passes in steps.

namespace shoal::yamux::testing {
namespace {

struct InFlight {
  std::chrono::nanoseconds arrives;
  Bytes bytes;
};

struct Path {
  std::chrono::nanoseconds round_trip;
  double bytes_per_second;
};

struct Outcome {
  double bytes_per_second;  // over the last second
  std::uint64_t grown_bytes;
};

void deliver(std::deque<InFlight>& wire, End& to) {
  while (!wire.empty() && wire.front().arrives <= to.now) {
    to.feed(wire.front().bytes);
    wire.pop_front();
  }
}

/// A sender that always has more, a reader that keeps up.
Outcome run(const Path& path, const SessionConfig& config, std::chrono::seconds length) {
  constexpr auto kStep = 500us;
  End sender(Role::client, config), reader(Role::server, config);
  std::deque<InFlight> there, back;
  const Bytes chunk(kMaxPayload);
  const StreamId id = sender.session.open(kStart);
  double may_send = 0;
  std::size_t before_last_second = 0;
  const auto end = kStart + length;
  for (auto now = kStart; now < end; now += kStep) {
    sender.now = reader.now = now;
    if (now >= sender.session.next_deadline()) sender.session.on_time(now);
    if (now >= reader.session.next_deadline()) reader.session.on_time(now);
    deliver(there, reader);
    deliver(back, sender);
    Bytes out = sender.control();
    may_send += path.bytes_per_second * std::chrono::duration<double>(kStep).count();
    while (may_send > 0 && sender.session.sendable(id) > 0) {
      const std::size_t bytes = sender.session.sendable(id);
      sender.session.begin_data(id, bytes, out, now);
      append(out, ByteView(chunk).first(bytes));
      may_send -= static_cast<double>(bytes);
    }
    may_send = std::min(may_send, 0.0);
    there.push_back({now + path.round_trip / 2, std::move(out)});
    back.push_back({now + path.round_trip / 2, reader.control()});
    if (now < end - 1s) before_last_second = reader.received[id].size();
  }
  const std::size_t received = reader.received[id].size();
  return {static_cast<double>(received - before_last_second), reader.session.counts().grown_bytes};
}

TEST(YamuxWindow, grows_until_it_fills_a_long_path) {
  const Path path{63ms, 100e6};  // 6.3 MB in flight
  const Outcome outcome = run(path, {}, 3s);
  const double fixed_window = kInitialWindow / 0.063;
  EXPECT_GT(outcome.bytes_per_second, 0.95 * path.bytes_per_second);
  EXPECT_GT(outcome.bytes_per_second, 20 * fixed_window);
}

TEST(YamuxWindow, stays_small_when_the_path_is_short) {
  const Path path{2ms, 20e6};  // 40 kB in flight
  const Outcome outcome = run(path, {}, 2s);
  EXPECT_EQ(outcome.grown_bytes, 0U);
  EXPECT_GT(outcome.bytes_per_second, 0.95 * path.bytes_per_second);
}

TEST(YamuxWindow, grows_no_further_than_its_maximum) {
  SessionConfig config;
  config.max_stream_window = 3 * kInitialWindow;
  const Outcome outcome = run({63ms, 100e6}, config, 3s);
  EXPECT_EQ(outcome.grown_bytes, 2 * kInitialWindow);
  EXPECT_LE(outcome.bytes_per_second, 1.05 * 3 * kInitialWindow / 0.063);
}

TEST(YamuxWindow, grows_no_further_than_half_the_budget_of_the_connection) {
  SessionConfig config;
  config.receive_budget = 3 * kInitialWindow + 2;
  const Outcome outcome = run({63ms, 100e6}, config, 3s);
  EXPECT_EQ(outcome.grown_bytes, config.receive_budget / 2);
}

TEST(YamuxWindow, does_not_grow_without_a_measured_round_trip) {
  End server(Role::server);
  server.feed(update(kSyn, 1, 0));
  for (int i = 0; i < 100; ++i) server.feed(data(0, 1, Bytes(kInitialWindow / 2)));
  EXPECT_EQ(server.session.counts().grown_bytes, 0U);
}

TEST(YamuxWindow, returns_its_growth_when_the_stream_ends) {
  ReceiveWindow window(kStart);
  EXPECT_TRUE(window.take(kInitialWindow));
  EXPECT_EQ(window.consume(kInitialWindow), kInitialWindow);
  EXPECT_EQ(window.grant(kStart + 1ms, 1ms, 4 * kInitialWindow, 1 << 30), 2 * kInitialWindow);
  EXPECT_EQ(window.grown(), kInitialWindow);

  End server(Role::server);
  server.session.on_time(kStart);
  server.control();
  server.now += 10ms;
  server.feed(frame(FrameType::ping, kAck, 0, 1));
  server.feed(data(kSyn, 1, Bytes(kInitialWindow)));
  EXPECT_EQ(server.session.counts().grown_bytes, kInitialWindow);
  server.feed(update(kRst, 1, 0));
  EXPECT_EQ(server.session.counts().grown_bytes, 0U);
}

TEST(YamuxWindow, doubles_within_two_round_trips_and_not_later) {
  for (const auto& [elapsed, grown] : {std::pair{20ms - 1ns, true}, {20ms + 0ns, false}}) {
    ReceiveWindow window(kStart);
    window.take(kInitialWindow / 2);
    window.consume(kInitialWindow / 2);
    window.grant(kStart + elapsed, 10ms, 4 * kInitialWindow, 1 << 30);
    EXPECT_EQ(window.grown() > 0, grown);
  }
}

TEST(YamuxWindow, lasts_for_the_turns_of_two_processes_where_the_round_trip_is_shorter) {
  constexpr auto kTwoTurns = 2 * ReceiveWindow::kLeastRoundTrip;
  for (const auto& [elapsed, grown] : {std::pair{kTwoTurns - 1ns, true}, {kTwoTurns, false}}) {
    ReceiveWindow window(kStart);
    window.take(kInitialWindow / 2);
    window.consume(kInitialWindow / 2);
    window.grant(kStart + elapsed, 50us, 4 * kInitialWindow, 1 << 30);
    EXPECT_EQ(window.grown() > 0, grown);
  }
}

}  // namespace
}  // namespace shoal::yamux::testing
