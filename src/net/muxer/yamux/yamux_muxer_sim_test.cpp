#include "net/muxer/yamux/yamux_muxer.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "base/error.h"
#include "net/muxer/conformance.h"
#include "net/muxer/muxer_pair.h"
#include "net/swarm_testing.h"
#include "system/sim/test_hosts.h"
#include "system/timeout.h"

namespace shoal::yamux {
namespace {

using net::testing::failure_of;
using net::testing::pattern_bytes;
using net::testing::read_to_end;

using net::testing::code_of;
using net::testing::expect_all;
using net::testing::send_all;
using net::testing::write_for_ever;

/// Over one simulated TCP connection, without the parts above and between.
class YamuxPair : public net::testing::MuxerPair {
 public:
  void begin(Duration latency = 25ms, sim::HostOptions host = {}) override {
    world = std::make_unique<sim::World>(sim::WorldOptions{.path = {.latency = latency}});
    sim::Host& one = world->add_host(host);
    sim::Host& other = world->add_host(host);
    sim::StreamPair pair = sim::connect_pair(*world, one, other);
    client = std::make_unique<YamuxMuxer>(one.system(), std::move(pair.client), Role::client);
    server = std::make_unique<YamuxMuxer>(other.system(), std::move(pair.server), Role::server);
    run_muxers();
  }
};

class Muxers : public ::testing::Test, public YamuxPair {
 protected:
  void TearDown() override { end(); }

  std::size_t frames_per_turn_after_much(std::uint64_t line) {
    begin(1ms, {.up = line, .down = line, .window_bytes = 1024 * 1024});
    auto [here, there] = stream();
    TaskGroup work(world->waits(), "streams");
    const Bytes much = pattern_bytes(10'000'000);
    int right = 0;
    work.spawn(send_all(*here, much));
    work.spawn(expect_all(*there, much, right));
    world->run(work.join());
    EXPECT_EQ(right, 1);
    return dynamic_cast<const YamuxMuxer&>(*client).frames_per_turn();
  }
};

TEST_F(Muxers, C7_a_cancelled_writer_ends_a_connection_that_takes_nothing) {
  begin();
  auto [here, there] = stream();
  world->partition({&world->host(0)}, {&world->host(1)});
  const TimePoint begun = world->now();
  // More than the host's own buffer takes: the write itself is stuck.
  TaskGroup work(world->waits(), "writers");
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < 30; ++i) {
    streams.push_back(client->open());
    work.spawn(write_for_ever(*streams.back()));
  }
  world->run_for(1s);
  world->run(work.stop());
  EXPECT_LE(world->now() - begun, 7s);
  EXPECT_TRUE(client->closed());
}

TEST_F(Muxers, C7_a_silent_peer_is_noticed) {
  begin(25ms, {.retransmission_limit = 1h});  // so that TCP does not notice it first
  auto [here, there] = stream();
  world->run_for(1s);  // the first ping has been answered
  world->partition({&world->host(0)}, {&world->host(1)});
  world->run_for(45s);
  EXPECT_FALSE(server->closed());
  world->run_for(7s);  // a ping after 30 s, unanswered for 20 s
  EXPECT_TRUE(server->closed());
}

/// Adds up what is paid.
class Counting final : public net::ReadLimiter {
 public:
  Task<void> pay(std::size_t bytes, std::size_t) override {
    paid += bytes;
    co_return;
  }
  bool waived() const override { return false; }
  void leave() noexcept override {}
  std::size_t paid = 0;
};

TEST_F(Muxers, who_is_sent_much_says_for_nothing_that_there_is_room) {
  begin();
  Counting counting;
  server->limit_reading(counting);
  auto [here, there] = stream();
  const std::size_t before = counting.paid;
  TaskGroup work(world->waits(), "streams");
  const Bytes much = pattern_bytes(20'000'000);
  int right = 0;
  work.spawn(expect_all(*here, much, right));
  work.spawn(send_all(*there, much));
  world->run(work.join());
  EXPECT_EQ(right, 1);
  EXPECT_LT(counting.paid - before, 100U);
  world->run(write_all(*here, pattern_bytes(YamuxMuxer::kMaxEarned + 10'000)));
  world->run_for(1s);
  EXPECT_GT(counting.paid - before, 10'000U);
  server->close();
  world->run_for(1s);
}

TEST_F(Muxers, a_farewell_is_known_to_both_sides) {
  begin();
  auto [here, there] = stream();
  EXPECT_FALSE(server->going_away());
  world->run(client->shutdown());
  EXPECT_TRUE(client->going_away());
  world->run_for(30ms);
  EXPECT_TRUE(server->going_away());
}

TEST_F(Muxers, turns_become_longer_while_they_leave_quickly) {
  EXPECT_EQ(frames_per_turn_after_much(0), YamuxMuxer::kMostFramesPerTurn);
}

TEST_F(Muxers, turns_stay_short_on_a_slow_line) {
  EXPECT_EQ(frames_per_turn_after_much(2'000'000), YamuxMuxer::kFewestFramesPerTurn);
}

TEST_F(Muxers, streams_are_limited_to_those_the_peer_acknowledges) {
  begin();
  std::vector<std::unique_ptr<Stream>> opened;
  for (std::size_t i = 0; i < kMaxUnacknowledged; ++i) opened.push_back(client->open());
  EXPECT_THROW(client->open(), Error);
  opened.pop_back();
  EXPECT_NO_THROW(opened.push_back(client->open()));
}

TEST_F(Muxers, C5_streams_that_the_peer_resets_at_once_count_until_we_let_go) {
  begin(1ms);
  std::vector<std::unique_ptr<Stream>> busy;
  for (std::size_t i = 0; i < YamuxMuxer::kMaxInboundHandles; ++i) busy.push_back(stream().second);
  EXPECT_EQ(server->stream_count(), YamuxMuxer::kMaxInboundHandles);
  auto refused = client->open();
  Bytes one(1);
  world->run(write_all(*refused, one));
  auto answer = failure_of(within(world->clock(), 10s, refused->read_some(one), "being refused"));
  EXPECT_EQ(code_of(world->run(std::move(answer))), ErrorCode::closed);
  EXPECT_EQ(server->stream_count(), YamuxMuxer::kMaxInboundHandles);
  busy.pop_back();
  busy.push_back(stream().second);
  EXPECT_FALSE(client->closed());
}

TEST_F(Muxers, streams_of_our_own_do_not_count_as_the_peers) {
  begin(1ms);
  std::vector<std::unique_ptr<Stream>> busy;
  for (std::size_t i = 0; i < YamuxMuxer::kMaxInboundHandles; ++i) busy.push_back(stream().first);
  EXPECT_EQ(client->stream_count(), YamuxMuxer::kMaxInboundHandles);
  auto theirs = server->open();
  world->run(write_all(*theirs, as_bytes("!")));
  EXPECT_NE(accept(*client), nullptr);
}

TEST_F(Muxers, hold_one_coroutine_and_one_timer_each_while_idle) {
  begin(1ms);
  world->run_for(1min);
  EXPECT_EQ(world->waits().size(), 4U);
}

TEST_F(Muxers, counts_unread_bytes_of_streams_that_were_reset) {
  begin(1ms);
  auto [here, there] = stream();
  world->run(write_all(*here, pattern_bytes(200'000)));
  world->run_for(1s);
  here.reset();
  world->run_for(1s);
  EXPECT_EQ(server->buffered_bytes(), 200'000);
  there.reset();
  EXPECT_EQ(server->buffered_bytes(), 0);
}

TEST_F(Muxers, keeps_so_many_unread_bytes_of_reset_streams_and_no_more) {
  begin(1ms);
  constexpr std::size_t kEach = 256 * 1024 - 1;  // with the byte before it, a window
  constexpr std::size_t kStreams = YamuxMuxer::kMaxKeptBytes / kEach + 3;
  std::vector<std::unique_ptr<Stream>> busy;
  for (std::size_t i = 0; i < kStreams; ++i) {
    auto [here, there] = stream();
    world->run(write_all(*here, pattern_bytes(kEach)));
    world->run_for(100ms);
    here.reset();
    busy.push_back(std::move(there));
  }
  world->run_for(1s);
  EXPECT_LE(server->buffered_bytes(), YamuxMuxer::kMaxKeptBytes);
  EXPECT_GT(server->buffered_bytes(), YamuxMuxer::kMaxKeptBytes - kEach);
  Bytes one(1);
  EXPECT_EQ(world->run(busy.front()->read_some(one)), 1);
  EXPECT_EQ(code_of(world->run(failure_of(busy.back()->read_some(one)))), ErrorCode::closed);
  busy.clear();
  EXPECT_EQ(server->buffered_bytes(), 0);
}

std::unique_ptr<net::testing::MuxerPair> make_yamux_pair() {
  return std::make_unique<YamuxPair>();
}

}  // namespace
}  // namespace shoal::yamux

namespace shoal::net::testing {

INSTANTIATE_TEST_SUITE_P(Yamux, MuxerConformance, ::testing::Values(&yamux::make_yamux_pair));

}  // namespace shoal::net::testing
