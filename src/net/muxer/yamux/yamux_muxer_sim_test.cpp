#include "net/muxer/yamux/yamux_muxer.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "base/error.h"
#include "net/swarm_testing.h"
#include "system/sim/test_hosts.h"
#include "system/timeout.h"

namespace shoal::yamux {
namespace {

using net::testing::failure_of;
using net::testing::pattern_bytes;
using net::testing::read_to_end;

/// Two muxers over one simulated TCP connection, without the parts above and between.
class Muxers : public ::testing::Test {
 protected:
  void begin(Duration latency = 25ms, sim::HostOptions host = {}) {
    world = std::make_unique<sim::World>(sim::WorldOptions{.path = {.latency = latency}});
    sim::Host& one = world->add_host(host);
    sim::Host& other = world->add_host(host);
    sim::StreamPair pair = sim::connect_pair(*world, one, other);
    client = std::make_unique<YamuxMuxer>(one.system(), std::move(pair.client), Role::client);
    server = std::make_unique<YamuxMuxer>(other.system(), std::move(pair.server), Role::server);
    tasks = std::make_unique<TaskGroup>(world->waits(), "muxers");
    tasks->spawn(client->run());
    tasks->spawn(server->run());
  }

  void TearDown() override {
    client->close();
    server->close();
    world->run(tasks->stop());
    EXPECT_EQ(client->stream_count(), 0U);
    EXPECT_EQ(server->stream_count(), 0U);
  }

  /// A stream that both ends know.
  std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> stream() {
    auto here = client->open();
    world->run(write_all(*here, as_bytes("!")));
    auto there = world->run(server->accept());
    Bytes one(1);
    world->run(read_exactly(*there, one));
    return {std::move(here), std::move(there)};
  }

  std::unique_ptr<sim::World> world;
  std::unique_ptr<YamuxMuxer> client;
  std::unique_ptr<YamuxMuxer> server;
  std::unique_ptr<TaskGroup> tasks;
};

Task<void> send_all(Stream& stream, Bytes bytes) {
  co_await write_all(stream, bytes);
  co_await stream.close_write();
}

Task<void> expect_all(Stream& stream, Bytes expected, int& right) {
  const Bytes got = co_await read_to_end(stream);
  if (got == expected) ++right;
}

Task<void> write_for_ever(Stream& stream) {
  const Bytes much = pattern_bytes(1'000'000);
  while (true) co_await write_all(stream, much);
}

Task<void> read_for_ever(Stream& stream) {
  Bytes buffer(64 * 1024);
  while (co_await stream.read_some(buffer) > 0) {
  }
}

std::optional<ErrorCode> code_of(const std::optional<Error>& failure) {
  return failure ? std::optional(failure->code()) : std::nullopt;
}

TEST_F(Muxers, fifty_streams_carry_a_megabyte_both_ways_at_once) {
  begin();
  std::vector<std::unique_ptr<Stream>> held;
  TaskGroup work(world->waits(), "streams");
  int right = 0;
  for (std::size_t i = 0; i < 50; ++i) {
    auto [here, there] = stream();
    const Bytes up = pattern_bytes(1'000'000, i);
    const Bytes down = pattern_bytes(1'000'000, i + 100);
    work.spawn(send_all(*here, up));
    work.spawn(send_all(*there, down));
    work.spawn(expect_all(*here, down, right));
    work.spawn(expect_all(*there, up, right));
    held.push_back(std::move(here));
    held.push_back(std::move(there));
  }
  world->run(work.join());
  EXPECT_EQ(right, 100);
}

TEST_F(Muxers, a_reset_fails_both_ends) {
  begin();
  auto [here, there] = stream();
  here->abort();
  Bytes one(1);
  EXPECT_EQ(code_of(world->run(failure_of(there->read_some(one)))), ErrorCode::closed);
  EXPECT_EQ(code_of(world->run(failure_of(here->read_some(one)))), ErrorCode::closed);
  EXPECT_EQ(code_of(world->run(failure_of(write_all(*there, one)))), ErrorCode::closed);
  EXPECT_FALSE(client->closed());
}

TEST_F(Muxers, a_stream_that_is_dropped_unfinished_is_reset) {
  begin();
  auto [here, there] = stream();
  here.reset();
  Bytes one(1);
  EXPECT_EQ(code_of(world->run(failure_of(there->read_some(one)))), ErrorCode::closed);
}

TEST_F(Muxers, half_close_leaves_the_other_half_open) {
  begin();
  auto [here, there] = stream();
  world->run(here->close_write());
  EXPECT_TRUE(world->run(read_to_end(*there)).empty());
  int right = 0;
  TaskGroup work(world->waits(), "streams");
  const Bytes late = pattern_bytes(600'000);
  work.spawn(send_all(*there, late));
  work.spawn(expect_all(*here, late, right));
  world->run(work.join());
  EXPECT_EQ(right, 1);
  EXPECT_EQ(code_of(world->run(failure_of(write_all(*here, late)))), ErrorCode::closed);
}

TEST_F(Muxers, what_arrived_whole_before_a_reset_is_read_whole) {
  begin();
  auto [here, there] = stream();
  world->run(send_all(*here, to_bytes("all of it")));
  here.reset();
  world->run_for(1s);
  world->run(write_all(*there, as_bytes("answered by a reset")));
  world->run_for(1s);
  EXPECT_EQ(as_text(world->run(read_to_end(*there))), "all of it");
}

TEST_F(Muxers, C7_a_reader_that_waits_fails_when_the_connection_breaks) {
  begin();
  auto [here, there] = stream();
  std::optional<Error> failure;
  TaskGroup work(world->waits(), "reader");
  Bytes one(1);
  const auto watch = [](Task<std::size_t> task, std::optional<Error>& into) -> Task<void> {
    into = co_await failure_of(std::move(task));
  };
  work.spawn(watch(there->read_some(one), failure));
  world->run_for(1s);
  client->close();
  world->run(work.join());
  EXPECT_EQ(code_of(failure), ErrorCode::closed);
}

TEST_F(Muxers, a_busy_stream_lets_others_have_their_turn) {
  // A line of 2 MB/s, whose queue the greedy stream fills for good.
  begin(5ms, {.up = 2'000'000, .down = 2'000'000, .window_bytes = 256 * 1024});
  auto [greedy, its_reader] = stream();
  auto [modest, other] = stream();
  TaskGroup work(world->waits(), "greedy");
  work.spawn(write_for_ever(*greedy));
  work.spawn(read_for_ever(*its_reader));
  world->run_for(5s);
  for (int i = 0; i < 5; ++i) {
    Bytes one(1);
    const TimePoint begun = world->now();
    world->run(write_all(*modest, one));
    world->run(read_exactly(*other, one));
    // A turn of the other, and what the host and the line hold before.
    EXPECT_LT(world->now() - begun, 600ms);
  }
  EXPECT_FALSE(client->closed());
  world->run(work.stop());
}

TEST_F(Muxers, a_cancelled_writer_costs_nobody_the_connection) {
  begin(5ms, {.up = 500'000, .down = 500'000, .window_bytes = 64 * 1024});
  auto [greedy, its_reader] = stream();
  auto [modest, other] = stream();
  TaskGroup readers(world->waits(), "readers");
  readers.spawn(read_for_ever(*its_reader));
  const auto failure =
      world->run(failure_of(within(world->clock(), 1s, write_for_ever(*greedy), "writing")));
  EXPECT_EQ(code_of(failure), ErrorCode::timeout);
  Bytes one(1);
  world->run(write_all(*modest, one));
  world->run(read_exactly(*other, one));
  EXPECT_FALSE(client->closed());
  greedy.reset();
  world->run(readers.join());
}

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

TEST_F(Muxers, a_farewell_lets_what_was_written_arrive) {
  begin();
  auto [here, there] = stream();
  world->run(send_all(*here, to_bytes("last words")));
  world->run(client->shutdown());
  EXPECT_EQ(as_text(world->run(read_to_end(*there))), "last words");
  world->run_for(1s);
  EXPECT_TRUE(server->closed());
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
  EXPECT_NE(world->run(client->accept()), nullptr);
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

TEST_F(Muxers, an_aborted_stream_gives_no_more_of_what_arrived) {
  begin(1ms);
  auto [here, there] = stream();
  world->run(send_all(*here, to_bytes("too late")));
  world->run_for(1s);
  there->abort();
  Bytes one(1);
  EXPECT_EQ(code_of(world->run(failure_of(there->read_some(one)))), ErrorCode::closed);
  EXPECT_EQ(server->buffered_bytes(), 0);
}

TEST_F(Muxers, tells_once_the_last_stream_is_let_go) {
  begin();
  auto [here, there] = stream();
  bool idle = false;
  client->when_idle([&idle] { idle = true; });
  world->run_for(1s);
  EXPECT_FALSE(idle);
  here.reset();
  world->run_for(1s);
  EXPECT_TRUE(idle);
}

}  // namespace
}  // namespace shoal::yamux
