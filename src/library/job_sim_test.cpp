#include "library/two_hosts.h"

namespace shoal::testing {
namespace {

using ::testing::ElementsAre;

using Jobs = TwoHosts;

/// Tells how it went.
Async<void> sleep_long(std::string& told) {
  try {
    co_await sleep_for(1h);
    told = "slept";
  } catch (const Cancelled&) {
    told = "cancelled";
    throw;
  }
}

TEST_F(Jobs, end_when_their_coroutine_does) {
  std::string told;
  Job job = here.spawn(sleep_long(told));
  world.run_for(59min);
  EXPECT_FALSE(job.ended());
  job.wait();
  EXPECT_EQ(told, "slept");
  EXPECT_TRUE(job.ended());
}

TEST_F(Jobs, cancelled_meet_it_where_they_wait) {
  std::string told;
  Job job = here.spawn(sleep_long(told));
  world.run_for(1s);
  job.cancel();
  EXPECT_THROW(job.wait(), Cancelled);
  EXPECT_EQ(told, "cancelled");
  job.cancel();
}

Async<void> wait_again(std::vector<std::string>& told) {
  for (int i = 0; i < 2; ++i) {
    try {
      co_await sleep_for(1h);
    } catch (const Cancelled&) {
      told.push_back("cancelled");
    }
  }
}

TEST_F(Jobs, meet_it_at_every_later_wait) {
  std::vector<std::string> told;
  Job job = here.spawn(wait_again(told));
  world.run_for(1s);
  job.cancel();
  job.wait();
  EXPECT_THAT(told, ElementsAre("cancelled", "cancelled"));
}

TEST_F(Jobs, are_cancelled_by_the_end_of_the_node) {
  std::string told;
  Job job = here.spawn(sleep_long(told));
  world.run_for(1s);
  here.stop();
  EXPECT_EQ(told, "cancelled");
  EXPECT_THROW(job.wait(), Cancelled);
}

TEST_F(Jobs, that_nobody_names_any_more_go_on) {
  std::string told;
  here.spawn(sleep_long(told));
  world.run_for(2h);
  EXPECT_EQ(told, "slept");
}

Async<void> throw_soon() {
  co_await sleep_for(1s);
  throw Error(ErrorCode::failed, "on purpose");
}

TEST_F(Jobs, hand_on_what_left_them) {
  Job job = here.spawn(throw_soon());
  EXPECT_THROW(job.wait(), Error);
  EXPECT_THROW(here.run(job.joined()), Error);
}

/// A node that keeps what nobody awaits.
class Uncaught : public TwoHosts {
 protected:
  Uncaught() {
    NodeOptions options;
    options.on_error = [this](const UncaughtError& error) { errors.push_back(error); };
    node.emplace(world.add_host(), std::move(options));
    node->start();
  }
  ~Uncaught() override { node.reset(); }

  std::vector<UncaughtError> errors;
  std::optional<Node> node;
};

TEST_F(Uncaught, failures_of_dropped_jobs_are_told) {
  node->spawn(throw_soon());
  {
    Job awaited = node->spawn(throw_soon());
    EXPECT_THROW(awaited.wait(), Error);
  }
  std::optional<Job> late = node->spawn(throw_soon());
  node->spawn(sleep_for(1h));
  world.run_for(1min);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].where, "a job");
  EXPECT_THAT(errors[0].message, ::testing::HasSubstr("on purpose"));
  EXPECT_THROW(std::rethrow_exception(errors[0].exception), Error);
  node->stop();  // which cancels the sleeper
  EXPECT_EQ(errors.size(), 1u);
  late.reset();
  EXPECT_EQ(errors.size(), 2u);
}

TEST_F(Uncaught, failures_of_handlers_name_protocol_and_peer) {
  node->serve("/test/fail", [](PeerStream stream) -> Async<void> {
    co_await stream.write("x");
    throw std::runtime_error("on purpose");
  });
  node->serve("/test/number", [](PeerStream stream) -> Async<void> {
    co_await stream.write("x");
    throw 7;  // NOLINT
  });
  for (const std::string protocol : {"/test/fail", "/test/number"}) {
    EXPECT_EQ(failure([](Node& from, std::string to, std::string what) -> Async<void> {
                PeerStream stream = co_await from.open(to, what);
                while (!(co_await stream.read()).empty()) {
                }
              }(here, node->addresses().front(), protocol)),
              ErrorCode::closed);
  }
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[0].where, "a handler");
  EXPECT_EQ(errors[0].protocol, "/test/fail");
  EXPECT_EQ(errors[0].peer_id, here.peer_id());
  EXPECT_EQ(errors[0].message, "on purpose");
  EXPECT_EQ(errors[1].protocol, "/test/number");
}

TEST_F(Jobs, that_fail_unawaited_are_in_the_log) {
  std::vector<std::string> lines;
  set_log([&lines](LogLevel, std::string_view line) { lines.emplace_back(line); });
  here.spawn(throw_soon());
  there.serve("/test/fail", [](PeerStream stream) -> Async<void> {
    co_await stream.read();
    throw std::runtime_error("so much for that");
  });
  here.run([](Node& from, std::string to) -> Async<void> {
    PeerStream stream = co_await from.open(to, "/test/fail");
    co_await stream.write("x");
    co_await sleep_for(1min);
  }(here, address));
  set_log({});
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines, ::testing::Contains("a job failed: on purpose"));
  EXPECT_THAT(lines, ::testing::Contains("a handler of /test/fail failed, serving " +
                                         here.peer_id() + ": so much for that"));
}

Async<void> join(Job job, std::string& told) {
  co_await job.joined();
  told += " and joined";
}

TEST_F(Jobs, can_be_awaited_by_others) {
  std::string told;
  Job job = here.spawn(sleep_long(told));
  here.run(join(job, told));
  EXPECT_EQ(told, "slept and joined");
}

Async<void> misuse(Node& node, Job job, std::vector<ErrorCode>& codes) {
  const auto code_of = [&codes](auto&& wrong) {
    try {
      wrong();
    } catch (const Error& error) {
      codes.push_back(error.code());
    }
  };
  code_of([&job] { job.wait(); });
  code_of([&node] { node.stop(); });
  code_of([&node] { node.run(sleep_for(1s)); });
  co_return;
}

TEST_F(Jobs, must_not_block_their_own_loop) {
  std::string told;
  Job job = here.spawn(sleep_long(told));
  std::vector<ErrorCode> codes;
  here.run(misuse(here, job, codes));
  EXPECT_THAT(codes, ElementsAre(ErrorCode::usage, ErrorCode::usage, ErrorCode::usage));
  here.stop();  // before `told` goes
}

Async<void> impatient(std::string& told) {
  co_await within(1min, sleep_long(told), "waiting for the sleeper");
}

TEST_F(Jobs, can_bound_what_they_wait_for) {
  std::string told;
  const auto began = world.now();
  EXPECT_EQ(failure(impatient(told)), ErrorCode::timeout);
  EXPECT_THAT(said, ::testing::HasSubstr("waiting for the sleeper"));
  EXPECT_EQ(told, "cancelled");
  EXPECT_EQ(world.now() - began, 1min);
}

Async<std::string> answer_in(std::chrono::nanoseconds time) {
  co_await sleep_for(time);
  co_return "answer";
}

TEST_F(Jobs, get_what_comes_in_time) {
  EXPECT_EQ(here.run(within(2s, answer_in(1s), "waiting")), "answer");
}

Async<void> run_both(std::string& told) {
  std::vector<Async<void>> both;
  both.push_back(sleep_long(told));
  both.push_back(throw_soon());
  co_await all(std::move(both));
}

TEST_F(Jobs, of_several_the_first_failure_cancels_the_others) {
  std::string told;
  EXPECT_EQ(failure(run_both(told)), ErrorCode::failed);
  EXPECT_EQ(told, "cancelled");
}

Async<void> cancel_both(std::string& one, std::string& two) {
  std::vector<Async<void>> both;
  both.push_back(sleep_long(one));
  both.push_back(sleep_long(two));
  co_await all(std::move(both));
}

TEST_F(Jobs, of_several_all_are_cancelled_with_their_parent) {
  std::string one;
  std::string two;
  Job job = here.spawn(cancel_both(one, two));
  world.run_for(1s);
  job.cancel();
  EXPECT_THROW(job.wait(), Cancelled);
  EXPECT_EQ(one, "cancelled");
  EXPECT_EQ(two, "cancelled");
}

TEST_F(Jobs, that_read_are_cancelled_in_the_read) {
  Job job = here.spawn([](Node& node, std::string peer) -> Async<void> {
    PeerStream stream = co_await node.open(peer, kEcho);
    co_await stream.write("x");
    co_await stream.read();
    co_await stream.read();
  }(here, address));
  world.run_for(1s);
  EXPECT_FALSE(job.ended());
  job.cancel();
  EXPECT_THROW(job.wait(), Cancelled);
}

TEST_F(Jobs, handlers_are_cancelled_when_their_connection_ends) {
  std::string told;
  there.serve("/test/wait", [&told](PeerStream stream) -> Async<void> {
    co_await stream.write("x");
    co_await sleep_long(told);
  });
  {
    PeerStream stream = here.run(here.open(address, "/test/wait"));
    here.run([](PeerStream& opened) -> Async<void> { co_await opened.read(); }(stream));
    here.stop();
  }
  world.run_for(1min);
  EXPECT_EQ(told, "cancelled");
}

TEST_F(Jobs, handlers_are_cancelled_when_their_node_stops) {
  std::string told;
  there.serve("/test/wait", [&told](PeerStream stream) -> Async<void> {
    co_await stream.write("x");
    co_await sleep_long(told);
  });
  PeerStream stream = here.run(here.open(address, "/test/wait"));
  here.run([](PeerStream& opened) -> Async<void> { co_await opened.read(); }(stream));
  there.stop();
  EXPECT_EQ(told, "cancelled");
  EXPECT_EQ(failure([](PeerStream& opened) -> Async<void> { co_await opened.read(); }(stream)),
            ErrorCode::closed);
}

TEST_F(Jobs, are_refused_once_the_node_has_stopped) {
  here.stop();
  here.stop();
  EXPECT_THROW(here.spawn(sleep_for(1s)), Error);
  EXPECT_THROW(here.addresses(), Error);
  EXPECT_THROW(here.serve("/test/late", echo), Error);
}

TEST_F(Jobs, that_were_never_awaited_never_run) {
  std::string told;
  {
    const Async<void> unused = sleep_long(told);
  }
  EXPECT_EQ(told, "");
}

TEST(Simulations, repeat_themselves_with_their_seed) {
  const auto run = [](std::uint64_t seed) {
    Simulation world({.seed = seed});
    Node one(world.add_host({.loss = 0.02}));
    Node two(world.add_host());
    two.serve(kEcho, echo);
    two.start();
    one.run(ask(one, two.addresses().front(), kEcho, std::string(100'000, 'x')));
    one.stop();
    two.stop();
    return world.trace_hash();
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}

TEST(Simulations, have_no_signals) {
  Simulation world;
  Node node(world.add_host());
  EXPECT_THROW(node.wait_for_signal(), Error);
}

TEST(Simulations, run_coroutines_that_use_every_node) {
  Simulation world;
  Node one(world.add_host({.delay = 100ms}));
  Node two(world.add_host({.delay = 200ms}));
  two.start();
  one.start();
  const auto took = world.run([](Node& from, Node& to) -> Async<std::chrono::nanoseconds> {
    co_await from.connect(to.addresses().front());
    co_await sleep_for(1s);
    const auto back = co_await to.ping(from.peer_id());
    co_return back;
  }(one, two));
  EXPECT_GE(took, 600ms);
  EXPECT_LT(took, 650ms);
}

}  // namespace
}  // namespace shoal::testing
