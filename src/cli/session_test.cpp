#include "cli/session.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <csignal>

#include "cli/command.h"
#include "system/os/test_world.h"
#include "system/with_ticks.h"

namespace shoal::cli {
namespace {

/// A command made of one function; needs no node.
class TestCommand final : public Command {
 public:
  explicit TestCommand(std::function<Task<void>(Session&)> work) : work_(std::move(work)) {}

  Task<void> run(Session& session) override { return work_(session); }
  Task<void> stop() override {
    stopped = true;
    co_return;
  }

  bool stopped = false;

 private:
  std::function<Task<void>(Session&)> work_;
};

Task<void> end(Session&) {
  co_return;
}

Task<void> fail(Session&) {
  throw Error(ErrorCode::not_found, "nobody has it");
  co_return;
}

Task<void> fail_strangely(Session&) {
  throw std::runtime_error("what is this");
  co_return;
}

Task<void> signalled(Session& session, int number, bool expected) {
  if (expected) session.expect_signal();
  co_await os::turns(session.system());
  ::kill(::getpid(), number);
  co_await session.system().clock.sleep_for(1h);
}

int run(TestCommand& command) {
  CommonOptions options;
  options.output.quiet = true;
  const int exit_code = run_command(command, options);
  EXPECT_TRUE(command.stopped);
  return exit_code;
}

TEST(Session, ends_with_the_code_of_what_happened) {
  TestCommand good(end);
  EXPECT_EQ(run(good), 0);
  TestCommand bad(fail);
  EXPECT_EQ(run(bad), 3);
  TestCommand strange(fail_strangely);
  EXPECT_EQ(run(strange), 1);
}

TEST(Session, ends_with_the_signal_when_there_was_work_left) {
  TestCommand interrupted([](Session& session) { return signalled(session, SIGINT, false); });
  EXPECT_EQ(run(interrupted), 130);
  TestCommand terminated([](Session& session) { return signalled(session, SIGTERM, false); });
  EXPECT_EQ(run(terminated), 143);
}

TEST(Session, ends_well_when_a_signal_is_the_way_to_end) {
  TestCommand interrupted([](Session& session) { return signalled(session, SIGINT, true); });
  EXPECT_EQ(run(interrupted), 0);
}

Task<void> sleep_long(System& system) {
  co_await system.clock.sleep_for(1h);
}

Task<void> throw_from_a_tick(System& system) {
  int ticks = 0;
  std::function<void()> tick = [&ticks] {
    if (++ticks == 3) throw Error(ErrorCode::timeout, "nothing moves");
  };
  std::string how;
  Task<void> work = with_ticks(system, 1ms, std::move(tick), sleep_long(system));
  co_await os::note_end(std::move(work), how);
  EXPECT_EQ(how, "timeout");
  EXPECT_EQ(ticks, 3);
}

TEST(WithTicks, ends_the_work_by_what_a_tick_throws) {
  os::in_world(throw_from_a_tick);
}

Task<int> soon(System& system) {
  co_await os::turns(system);
  co_return 42;
}

Task<void> tick_once_more(System& system) {
  int ticks = 0;
  std::function<void()> tick = [&ticks] { ++ticks; };
  Task<int> work = with_ticks(system, Duration(1h), std::move(tick), soon(system));
  const int result = co_await std::move(work);
  EXPECT_EQ(result, 42);
  EXPECT_EQ(ticks, 1);
}

TEST(WithTicks, ticks_at_the_end_of_what_succeeds) {
  os::in_world(tick_once_more);
}

Task<void> cancel_with_ticks(System& system) {
  int ticks = 0;
  std::function<void()> tick = [&ticks] { ++ticks; };
  Task<void> work = with_ticks(system, Duration(1h), std::move(tick), sleep_long(system));
  const std::string how = co_await os::end_when_cancelled(system, std::move(work));
  EXPECT_EQ(how, "cancelled");
  EXPECT_EQ(ticks, 0);
}

TEST(WithTicks, ends_when_cancelled) {
  os::in_world(cancel_with_ticks);
}

}  // namespace
}  // namespace shoal::cli
