#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "net/transport/quic/quic_sim_testing.h"

namespace shoal::quic {
namespace {

using net::testing::failure_of;
using net::testing::pattern_bytes;
using net::testing::read_to_end;

class QuicStreams : public testing::QuicPair {};

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

TEST_F(QuicStreams, connect_in_two_round_trips_and_prove_who_they_are) {
  begin(50ms);
  EXPECT_FALSE(client->closed());
  EXPECT_FALSE(server->closed());
  // The client's half takes one round trip, the server's half of one more.
  EXPECT_LE(world->now() - began, 160ms);
}

TEST_F(QuicStreams, fifty_streams_carry_a_megabyte_both_ways_at_once) {
  begin();
  std::vector<std::unique_ptr<Stream>> held;
  TaskGroup work(world->waits(), "streams");
  int right = 0;
  for (std::size_t i = 0; i < 50; ++i) {
    auto [here, there] = stream();
    const Bytes up = pattern_bytes(200'000, i);
    const Bytes down = pattern_bytes(200'000, i + 100);
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

TEST_F(QuicStreams, lose_nothing_on_a_path_that_does) {
  begin(20ms, {}, 0.02);
  auto [here, there] = stream();
  TaskGroup work(world->waits(), "streams");
  int right = 0;
  const Bytes up = pattern_bytes(2'000'000, 1);
  const Bytes down = pattern_bytes(2'000'000, 2);
  work.spawn(send_all(*here, up));
  work.spawn(send_all(*there, down));
  work.spawn(expect_all(*here, down, right));
  work.spawn(expect_all(*there, up, right));
  world->run(work.join());
  EXPECT_EQ(right, 2);
}

TEST_F(QuicStreams, a_reset_fails_both_ends) {
  begin();
  auto [here, there] = stream();
  here->abort();
  Bytes byte(1);
  EXPECT_EQ(code_of(world->run(failure_of(there->read_some(byte)))), ErrorCode::closed);
  EXPECT_EQ(code_of(world->run(failure_of(here->read_some(byte)))), ErrorCode::closed);
  EXPECT_EQ(code_of(world->run(failure_of(write_all(*there, byte)))), ErrorCode::closed);
  EXPECT_FALSE(client->closed());
}

TEST_F(QuicStreams, writers_that_wait_fail_when_nobody_reads_any_more) {
  begin();
  std::vector<std::unique_ptr<Stream>> writers;
  std::vector<std::unique_ptr<Stream>> readers;
  std::vector<std::optional<Error>> failures(30);
  TaskGroup work(world->waits(), "writers");
  const auto watch = [](Task<void> task, std::optional<Error>& into) -> Task<void> {
    into = co_await failure_of(std::move(task));
  };
  for (auto& failure : failures) {
    auto [here, there] = stream();
    work.spawn(watch(write_for_ever(*here), failure));
    writers.push_back(std::move(here));
    readers.push_back(std::move(there));
  }
  world->run_for(2s);
  // Their own half ends in order, so that the streams are stopped and not reset.
  for (auto& reader : readers) world->run(reader->close_write());
  readers.clear();
  world->run_for(1s);
  for (const auto& failure : failures) EXPECT_EQ(code_of(failure), ErrorCode::closed);
  EXPECT_FALSE(client->closed());
  world->run(work.stop());
}

TEST_F(QuicStreams, a_stream_that_is_dropped_unfinished_is_reset) {
  begin();
  auto [here, there] = stream();
  here.reset();
  Bytes byte(1);
  EXPECT_EQ(code_of(world->run(failure_of(there->read_some(byte)))), ErrorCode::closed);
}

TEST_F(QuicStreams, half_close_leaves_the_other_half_open) {
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

TEST_F(QuicStreams, what_arrived_whole_before_a_reset_is_read_whole) {
  begin();
  auto [here, there] = stream();
  world->run(send_all(*here, to_bytes("all of it")));
  here.reset();
  world->run_for(1s);
  EXPECT_EQ(as_text(world->run(read_to_end(*there))), "all of it");
}

TEST_F(QuicStreams, what_was_written_arrives_though_nobody_reads_any_more) {
  begin();
  auto [here, there] = stream();
  // In one step, so that nothing has left before the stream is let go.
  world->run(send_all(*there, to_bytes("the answer")));
  there.reset();
  EXPECT_EQ(as_text(world->run(read_to_end(*here))), "the answer");
}

TEST_F(QuicStreams, a_reader_that_waits_fails_when_the_connection_breaks) {
  begin();
  auto [here, there] = stream();
  std::optional<Error> failure;
  TaskGroup work(world->waits(), "reader");
  Bytes byte(1);
  const auto watch = [](Task<std::size_t> task, std::optional<Error>& into) -> Task<void> {
    into = co_await failure_of(std::move(task));
  };
  work.spawn(watch(there->read_some(byte), failure));
  world->run_for(1s);
  client->close();
  world->run(work.join());
  EXPECT_EQ(code_of(failure), ErrorCode::closed);
  world->run_for(1s);
  EXPECT_TRUE(server->closed());
}

TEST_F(QuicStreams, reading_makes_a_stream_known_to_the_other_side) {
  begin();
  auto here = client->open();
  TaskGroup work(world->waits(), "reader");
  int right = 0;
  work.spawn(expect_all(*here, to_bytes("first"), right));
  auto there = world->run(server->accept());
  world->run(send_all(*there, to_bytes("first")));
  world->run(work.join());
  EXPECT_EQ(right, 1);
}

TEST_F(QuicStreams, an_unread_stream_holds_up_its_sender_alone) {
  begin(5ms);
  std::vector<std::unique_ptr<Stream>> held;
  TaskGroup stuck(world->waits(), "stuck");
  for (int i = 0; i < 20; ++i) {
    auto [here, there] = stream();
    stuck.spawn(write_for_ever(*here));
    held.push_back(std::move(here));
    held.push_back(std::move(there));
  }
  world->run_for(2s);
  EXPECT_LE(server->buffered_bytes(), 20 * kInitialStreamWindow);
  auto [here, there] = stream();
  TaskGroup work(world->waits(), "streams");
  int right = 0;
  const Bytes much = pattern_bytes(3'000'000);
  work.spawn(send_all(*here, much));
  work.spawn(expect_all(*there, much, right));
  world->run(work.join());
  EXPECT_EQ(right, 1);
  world->run(stuck.stop());
}

TEST_F(QuicStreams, a_busy_stream_lets_others_have_their_turn) {
  begin(5ms, {.up = 2'000'000, .down = 2'000'000});
  auto [greedy, its_reader] = stream();
  auto [modest, other_end] = stream();
  TaskGroup work(world->waits(), "greedy");
  work.spawn(write_for_ever(*greedy));
  work.spawn(read_for_ever(*its_reader));
  world->run_for(5s);
  for (int i = 0; i < 5; ++i) {
    Bytes byte(1);
    const TimePoint begun = world->now();
    world->run(write_all(*modest, byte));
    world->run(read_exactly(*other_end, byte));
    EXPECT_LT(world->now() - begun, 600ms);
  }
  world->run(work.stop());
}

TEST_F(QuicStreams, a_cancelled_writer_costs_nobody_the_connection) {
  begin(5ms, {.up = 500'000, .down = 500'000});
  auto [greedy, its_reader] = stream();
  auto [modest, other_end] = stream();
  TaskGroup readers(world->waits(), "readers");
  readers.spawn(read_for_ever(*its_reader));
  const auto failure =
      world->run(failure_of(within(world->clock(), 1s, write_for_ever(*greedy), "writing")));
  EXPECT_EQ(code_of(failure), ErrorCode::timeout);
  Bytes byte(1);
  world->run(write_all(*modest, byte));
  world->run(read_exactly(*other_end, byte));
  EXPECT_FALSE(client->closed());
  greedy.reset();
  world->run(readers.join());
}

TEST_F(QuicStreams, a_silent_peer_is_noticed) {
  begin();
  auto [here, there] = stream();
  world->partition({&world->host(0)}, {&world->host(1)});
  world->run_for(20s);
  EXPECT_FALSE(server->closed());
  world->run_for(25s);
  EXPECT_TRUE(server->closed());
  EXPECT_TRUE(client->closed());
}

TEST_F(QuicStreams, a_connection_that_the_other_side_forgot_ends_at_once) {
  begin();
  auto [here, there] = stream();
  world->run_for(1s);
  world->partition({&world->host(0)}, {&world->host(1)});
  there.reset();
  server->close();
  world->run_for(1s);
  server.reset();
  world->heal();
  EXPECT_FALSE(client->closed());
  world->run(write_all(*here, as_bytes("is anybody there?")));
  world->run_for(2s);
  EXPECT_TRUE(client->closed());
}

TEST_F(QuicStreams, an_idle_connection_lives) {
  begin();
  world->run_for(300s);
  EXPECT_FALSE(server->closed());
  auto [here, there] = stream();
  EXPECT_NE(there, nullptr);
}

TEST_F(QuicStreams, the_peer_may_have_so_many_streams_and_no_more) {
  begin(1ms);
  std::vector<std::unique_ptr<Stream>> opened;
  for (std::size_t i = 0; i < kMaxInboundStreams; ++i) opened.push_back(client->open());
  EXPECT_TRUE(client->must_wait_to_open());
  EXPECT_THROW(client->open(), Error);
  for (auto& each : opened) world->run(write_all(*each, as_bytes("!")));
  std::vector<std::unique_ptr<Stream>> busy;
  for (std::size_t i = 0; i < kMaxInboundStreams; ++i) busy.push_back(world->run(server->accept()));
  // Those count that we have not let go, even when the peer has.
  opened.clear();
  world->run_for(1s);
  EXPECT_TRUE(client->must_wait_to_open());
  busy.pop_back();
  world->run(client->wait_to_open());
  auto one_more = client->open();
  world->run(write_all(*one_more, as_bytes("!")));
  EXPECT_NE(world->run(server->accept()), nullptr);
}

TEST_F(QuicStreams, a_farewell_lets_what_was_written_arrive) {
  begin();
  auto [here, there] = stream();
  world->run(send_all(*here, to_bytes("last words")));
  world->run(client->shutdown());
  EXPECT_TRUE(client->going_away());
  EXPECT_EQ(as_text(world->run(read_to_end(*there))), "last words");
  world->run_for(1s);
  EXPECT_TRUE(server->closed());
}

TEST_F(QuicStreams, windows_grow_with_the_path_and_are_given_back) {
  begin(50ms);
  auto [here, there] = stream();
  TaskGroup work(world->waits(), "streams");
  const Bytes much = pattern_bytes(20'000'000);
  int right = 0;
  work.spawn(send_all(*here, much));
  work.spawn(expect_all(*there, much, right));
  world->run_for(3s);
  EXPECT_GT(server->promised_bytes(), 0U);
  world->run(work.join());
  EXPECT_EQ(right, 1);
  here.reset();
  there.reset();
  world->run_for(1s);
  EXPECT_EQ(server->promised_bytes(), 0U);
  EXPECT_EQ(server->buffered_bytes(), 0U);
}

TEST_F(QuicStreams, windows_grow_by_no_more_than_there_is_to_spare) {
  begin(50ms);
  server->bound_promises(
      [this] { return 300'000 - std::min<std::size_t>(300'000, server->promised_bytes()); });
  auto [here, there] = stream();
  TaskGroup work(world->waits(), "streams");
  const Bytes much = pattern_bytes(10'000'000);
  int right = 0;
  work.spawn(send_all(*here, much));
  work.spawn(expect_all(*there, much, right));
  world->run(work.join());
  EXPECT_EQ(right, 1);
  EXPECT_LE(server->promised_bytes(), 300'000U);
}

/// Adds up what is paid.
class Counting final : public net::ReadLimiter {
 public:
  Task<void> pay(std::size_t bytes, std::size_t streams) override {
    paid += bytes;
    opened += streams;
    co_return;
  }
  bool waived() const override { return free; }
  void leave() noexcept override {}
  bool free = false;
  std::size_t paid = 0;
  std::size_t opened = 0;
};

TEST_F(QuicStreams, who_is_sent_much_acknowledges_it_for_nothing) {
  begin();
  Counting counting;
  server->limit_reading(counting);
  auto [here, there] = stream();
  const std::size_t before = counting.paid;
  TaskGroup work(world->waits(), "streams");
  const Bytes much = pattern_bytes(5'000'000);
  int right = 0;
  work.spawn(expect_all(*here, much, right));
  work.spawn(send_all(*there, much));
  world->run(work.join());
  EXPECT_EQ(right, 1);
  EXPECT_LT(counting.paid - before, 10'000U);
  EXPECT_EQ(counting.opened, 1U);
  work.spawn(send_all(*here, pattern_bytes(300'000)));
  work.spawn(read_for_ever(*there));
  world->run(work.join());
  EXPECT_GT(counting.paid - before, 200'000U);
  server->close();
  world->run_for(1s);
}

TEST_F(QuicStreams, what_was_asked_for_is_not_paid_later) {
  begin();
  Counting counting;
  counting.free = true;
  server->limit_reading(counting);
  auto [here, there] = stream();
  TaskGroup work(world->waits(), "streams");
  work.spawn(send_all(*here, pattern_bytes(1'000'000)));
  work.spawn(read_for_ever(*there));
  world->run(work.join());
  counting.free = false;
  auto [more, at_the_other_end] = stream();
  world->run_for(1s);
  EXPECT_LT(counting.paid, 10'000U);
  server->close();
  world->run_for(1s);
}

TEST_F(QuicStreams, tells_once_the_last_stream_is_let_go) {
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
}  // namespace shoal::quic
