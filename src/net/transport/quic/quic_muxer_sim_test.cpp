#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "net/muxer/conformance.h"
#include "net/transport/quic/quic_sim_testing.h"

namespace shoal::quic {
namespace {

using net::testing::failure_of;
using net::testing::pattern_bytes;
using net::testing::read_to_end;

using net::testing::code_of;
using net::testing::expect_all;
using net::testing::read_for_ever;
using net::testing::send_all;
using net::testing::write_for_ever;

class QuicStreams : public ::testing::Test, public testing::QuicPair {
  void TearDown() override { end(); }
};

TEST_F(QuicStreams, connect_in_two_round_trips_and_prove_who_they_are) {
  begin(50ms);
  EXPECT_FALSE(client->closed());
  EXPECT_FALSE(server->closed());
  // The client's half takes one round trip, the server's half of one more.
  EXPECT_LE(world->now() - began, 160ms);
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
  for (std::size_t i = 0; i < kMaxInboundStreams; ++i) busy.push_back(accept(*server));
  // Those count that we have not let go, even when the peer has.
  opened.clear();
  world->run_for(1s);
  EXPECT_TRUE(client->must_wait_to_open());
  busy.pop_back();
  world->run(client->wait_to_open());
  auto one_more = client->open();
  world->run(write_all(*one_more, as_bytes("!")));
  EXPECT_NE(accept(*server), nullptr);
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

std::unique_ptr<net::testing::MuxerPair> make_quic_pair() {
  return std::make_unique<testing::QuicPair>();
}

}  // namespace
}  // namespace shoal::quic

namespace shoal::net::testing {

INSTANTIATE_TEST_SUITE_P(Quic, MuxerConformance, ::testing::Values(&quic::make_quic_pair));

}  // namespace shoal::net::testing
