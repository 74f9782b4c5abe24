#include "net/muxer/conformance.h"

#include <vector>

#include "base/error.h"
#include "system/timeout.h"

namespace shoal::net::testing {

TEST_P(MuxerConformance, fifty_streams_carry_much_both_ways_at_once) {
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

TEST_P(MuxerConformance, a_reset_fails_both_ends) {
  begin();
  auto [here, there] = stream();
  here->abort();
  Bytes one(1);
  EXPECT_EQ(code_of(world->run(failure_of(there->read_some(one)))), ErrorCode::closed);
  EXPECT_EQ(code_of(world->run(failure_of(here->read_some(one)))), ErrorCode::closed);
  EXPECT_EQ(code_of(world->run(failure_of(write_all(*there, one)))), ErrorCode::closed);
  EXPECT_FALSE(client->closed());
}

TEST_P(MuxerConformance, a_stream_that_is_dropped_unfinished_is_reset) {
  begin();
  auto [here, there] = stream();
  here.reset();
  Bytes one(1);
  EXPECT_EQ(code_of(world->run(failure_of(there->read_some(one)))), ErrorCode::closed);
}

TEST_P(MuxerConformance, half_close_leaves_the_other_half_open) {
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

TEST_P(MuxerConformance, what_arrived_whole_before_a_reset_is_read_whole) {
  begin();
  auto [here, there] = stream();
  world->run(send_all(*here, to_bytes("all of it")));
  here.reset();
  world->run_for(1s);
  // Some muxers reset the stream only when something comes that nobody reads any more.
  world->run(failure_of(write_all(*there, as_bytes("too late"))));
  world->run_for(1s);
  EXPECT_EQ(as_text(world->run(read_to_end(*there))), "all of it");
}

TEST_P(MuxerConformance, a_reader_that_waits_fails_when_the_connection_breaks) {
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

TEST_P(MuxerConformance, a_busy_stream_lets_others_have_their_turn) {
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

TEST_P(MuxerConformance, a_cancelled_writer_costs_nobody_the_connection) {
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

TEST_P(MuxerConformance, a_farewell_lets_what_was_written_arrive) {
  begin();
  auto [here, there] = stream();
  world->run(send_all(*here, to_bytes("last words")));
  world->run(client->shutdown());
  EXPECT_EQ(as_text(world->run(read_to_end(*there))), "last words");
  world->run_for(1s);
  EXPECT_TRUE(server->closed());
}

TEST_P(MuxerConformance, tells_once_the_last_stream_is_let_go) {
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

TEST_P(MuxerConformance, an_aborted_stream_gives_no_more_of_what_arrived) {
  begin(1ms);
  auto [here, there] = stream();
  world->run(send_all(*here, to_bytes("too late")));
  world->run_for(1s);
  there->abort();
  Bytes one(1);
  EXPECT_EQ(code_of(world->run(failure_of(there->read_some(one)))), ErrorCode::closed);
  EXPECT_EQ(server->buffered_bytes(), 0);
}

TEST_P(MuxerConformance, reading_makes_a_stream_known_to_the_other_side) {
  begin();
  auto here = client->open();
  TaskGroup work(world->waits(), "reader");
  int right = 0;
  work.spawn(expect_all(*here, to_bytes("first"), right));
  auto there = pair->accept(*server);
  world->run(send_all(*there, to_bytes("first")));
  world->run(work.join());
  EXPECT_EQ(right, 1);
}

TEST_P(MuxerConformance, what_was_written_arrives_though_nobody_reads_any_more) {
  begin();
  auto [here, there] = stream();
  // In one step, so that nothing has left before the stream is let go.
  world->run(send_all(*there, to_bytes("the answer")));
  there.reset();
  EXPECT_EQ(as_text(world->run(read_to_end(*here))), "the answer");
}

}  // namespace shoal::net::testing
