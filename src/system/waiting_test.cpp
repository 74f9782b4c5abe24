// Waits, Clock, Event, TaskGroup and until(): all that suspends and resumes coroutines.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "system/event.h"
#include "system/task_group.h"
#include "system/test_loop.h"
#include "system/timeout.h"

namespace shoal {
namespace {

using testing::TestLoop;

Task<void> sleep_then_note(Clock& clock, Duration duration, std::string& notes, char mark) {
  co_await clock.sleep_for(duration);
  notes += mark;
}

Task<void> wait_then_note(Event& event, std::string& notes, char mark) {
  co_await event.wait();
  notes += mark;
}

Task<void> note_how_it_ends(Task<void> task, std::string& notes) {
  try {
    co_await std::move(task);
    notes += "done";
  } catch (const Error& error) {
    notes += to_string(error.code());
  } catch (const boost::system::system_error& error) {
    notes += is_cancelled(error) ? "cancelled" : "other";
  }
}

Task<void> answer_soon(Clock& clock, int& answer) {
  co_await clock.sleep_for(1s);
  answer = 42;
}

Task<int> give_after(Clock& clock, Duration duration) {
  co_await clock.sleep_for(duration);
  co_return 7;
}

TEST(Clock, wakes_in_order_of_deadline_then_of_arrival) {
  TestLoop loop;
  TaskGroup group(loop.waits, "test");
  std::string notes;
  group.spawn(sleep_then_note(loop.clock, 3s, notes, 'd'));
  group.spawn(sleep_then_note(loop.clock, 1s, notes, 'a'));
  group.spawn(sleep_then_note(loop.clock, 2s, notes, 'b'));
  group.spawn(sleep_then_note(loop.clock, 2s, notes, 'c'));
  loop.run();
  EXPECT_EQ(notes, "abcd");
}

TEST(Clock, forgets_cancelled_sleepers) {
  TestLoop loop;
  TaskGroup group(loop.waits, "test");
  std::string notes;
  for (int i = 0; i < 1000; ++i) group.spawn(sleep_then_note(loop.clock, 1h, notes, 'x'));
  loop.context.poll();
  const TimePoint before = loop.clock.now();
  group.cancel();
  loop.run();
  EXPECT_EQ(notes, "");
  EXPECT_EQ(loop.clock.now(), before);
  EXPECT_EQ(loop.waits.size(), 0u);
}

TEST(Waits, knows_an_id_no_more_after_it_woke) {
  TestLoop loop;
  Waits::Id seen = 0;
  TaskGroup group(loop.waits, "test");
  group.spawn(loop.waits.wait([&](Waits::Id id) { seen = id; }));
  loop.run();
  ASSERT_TRUE(loop.waits.has(seen));
  EXPECT_TRUE(loop.waits.wake(seen));
  EXPECT_FALSE(loop.waits.wake(seen));
  EXPECT_FALSE(loop.waits.has(seen));
  loop.run();
}

TEST(Waits, wait_through_outlasts_a_cancellation_that_the_next_wait_then_meets) {
  TestLoop loop;
  Event first(loop.waits);
  Event second(loop.waits);
  std::string notes;
  struct Steps {
    static Task<void> take(Event& first, Event& second, std::string& notes) {
      co_await first.wait_uncancellable();
      notes += "first ";
      co_await second.wait();
      notes += "second ";
    }
  };
  TaskGroup group(loop.waits, "test");
  group.spawn(note_how_it_ends(Steps::take(first, second, notes), notes));
  loop.run();
  group.cancel();
  loop.run();
  EXPECT_EQ(notes, "");
  first.notify_all();
  loop.run();
  EXPECT_EQ(notes, "first cancelled");
}

TEST(Event, wakes_one_at_a_time_in_order_of_arrival) {
  TestLoop loop;
  Event event(loop.waits);
  TaskGroup group(loop.waits, "test");
  std::string notes;
  for (const char mark : {'a', 'b', 'c'}) group.spawn(wait_then_note(event, notes, mark));
  loop.run();
  event.notify_one();
  loop.run();
  EXPECT_EQ(notes, "a");
  event.notify_all();
  loop.run();
  EXPECT_EQ(notes, "abc");
}

TEST(Event, passes_over_a_waiter_that_was_cancelled) {
  TestLoop loop;
  Event event(loop.waits);
  TaskGroup cancelled(loop.waits, "cancelled");
  TaskGroup group(loop.waits, "test");
  std::string notes;
  cancelled.spawn(wait_then_note(event, notes, 'a'));
  loop.run();
  group.spawn(wait_then_note(event, notes, 'b'));
  loop.run();
  cancelled.cancel();
  loop.run();
  event.notify_one();
  loop.run();
  EXPECT_EQ(notes, "b");
}

Task<void> wait_a_second_then_note(Event& event, Clock& clock, std::string& notes) {
  const bool notified = co_await event.wait_for(clock, 1s);
  notes += notified ? "notified " : "late ";
}

TEST(Event, is_waited_for_until_a_deadline) {
  TestLoop loop;
  Event event(loop.waits);
  TaskGroup group(loop.waits, "test");
  std::string notes;
  group.spawn(wait_a_second_then_note(event, loop.clock, notes));
  loop.run();
  EXPECT_EQ(notes, "late ");
  EXPECT_EQ(loop.clock.now(), TimePoint(1h) + 1s);

  group.spawn(wait_a_second_then_note(event, loop.clock, notes));
  loop.context.restart();
  loop.context.poll();
  event.notify_all();
  loop.run();
  EXPECT_EQ(notes, "late notified ");
  EXPECT_EQ(loop.clock.now(), TimePoint(1h) + 1s);
  EXPECT_EQ(loop.waits.size(), 0u);
}

TEST(Event, passes_over_a_waiter_whose_time_is_up) {
  TestLoop loop;
  Event event(loop.waits);
  TaskGroup group(loop.waits, "test");
  std::string notes;
  group.spawn(wait_a_second_then_note(event, loop.clock, notes));
  group.spawn(wait_then_note(event, notes, 'b'));
  loop.run();
  event.notify_one();
  loop.run();
  EXPECT_EQ(notes, "late b");
}

TEST(Event, a_wait_with_a_deadline_can_be_cancelled) {
  TestLoop loop;
  Event event(loop.waits);
  TaskGroup group(loop.waits, "test");
  std::string notes;
  group.spawn(note_how_it_ends(wait_a_second_then_note(event, loop.clock, notes), notes));
  loop.context.poll();
  loop.run(group.stop());
  EXPECT_EQ(notes, "cancelled");
  EXPECT_EQ(loop.clock.now(), TimePoint(1h));
}

TEST(TaskGroup, stop_cancels_and_waits_for_all) {
  TestLoop loop;
  TaskGroup group(loop.waits, "test");
  std::string notes;
  group.spawn(note_how_it_ends(loop.clock.sleep_for(1h), notes));
  group.spawn(note_how_it_ends(loop.clock.sleep_for(1h), notes));
  loop.context.poll();
  loop.run(group.stop());
  EXPECT_EQ(notes, "cancelledcancelled");
  EXPECT_EQ(group.size(), 0u);
}

Task<void> stop_after_cancellation(Waits& waits, Clock& clock, std::string& notes) {
  TaskGroup inner(waits, "inner");
  inner.spawn(clock.sleep_for(1h));
  try {
    co_await clock.sleep_for(1h);
  } catch (const boost::system::system_error&) {
    notes += "cancelled ";
  }
  co_await inner.stop();
  notes += "stopped ";
}

TEST(TaskGroup, a_cancelled_task_can_still_stop_its_own_group) {
  TestLoop loop;
  TaskGroup group(loop.waits, "test");
  std::string notes;
  group.spawn(stop_after_cancellation(loop.waits, loop.clock, notes));
  loop.context.poll();
  loop.run(group.stop());
  EXPECT_EQ(notes, "cancelled stopped ");
}

/// Its first wait is within another coroutine, its end takes a wait of its own.
Task<void> work_and_clean_up(Clock& clock, Waits& waits, std::string& notes) {
  TaskGroup inner(waits, "inner");
  inner.spawn(sleep_then_note(clock, 1h, notes, 'x'));
  try {
    co_await sleep_then_note(clock, 1s, notes, 'y');
  } catch (const boost::system::system_error&) {
    notes += 'c';
  }
  co_await inner.stop();
  notes += 's';
}

TEST(TaskGroup, a_task_that_is_cancelled_before_it_begins_can_still_clean_up) {
  TestLoop loop;
  std::string notes;
  TaskGroup outer(loop.waits, "outer");
  outer.spawn(work_and_clean_up(loop.clock, loop.waits, notes));
  outer.cancel();
  loop.run();
  EXPECT_EQ(notes, "cs");
}

TEST(TaskGroup, an_error_ends_its_own_task_only) {
  TestLoop loop;
  TaskGroup group(loop.waits, "test");
  std::string notes;
  struct Failing {
    static Task<void> fail() {
      throw Error(ErrorCode::closed, "as arranged");
      co_return;
    }
  };
  group.spawn(Failing::fail());
  group.spawn(sleep_then_note(loop.clock, 1s, notes, 'a'));
  loop.run();
  EXPECT_EQ(notes, "a");
}

TEST(Timeout, hands_back_what_comes_in_time) {
  TestLoop loop;
  struct Body {
    static Task<void> run(Clock& clock) {
      const int got = co_await within(clock, 2s, give_after(clock, 1s), "waiting");
      EXPECT_EQ(got, 7);
    }
  };
  loop.run(Body::run(loop.clock));
  EXPECT_EQ(loop.waits.size(), 0u);
}

TEST(Timeout, names_what_took_too_long) {
  TestLoop loop;
  std::string notes;
  loop.run(note_how_it_ends(within(loop.clock, 1s, loop.clock.sleep_for(1h), "waiting"), notes));
  EXPECT_EQ(notes, "timeout");
  EXPECT_EQ(loop.clock.now(), TimePoint(1h) + 1s);
}

TEST(Timeout, passes_on_the_cancellation_of_the_caller) {
  TestLoop loop;
  TaskGroup group(loop.waits, "test");
  std::string notes;
  group.spawn(note_how_it_ends(within(loop.clock, 2h, loop.clock.sleep_for(1h), "waiting"), notes));
  loop.context.poll();
  loop.run(group.stop());
  EXPECT_EQ(notes, "cancelled");
}

Task<void> two_waits(Clock& clock, std::string& notes) {
  int answer = 0;
  co_await within(clock, 2s, answer_soon(clock, answer), "first");
  notes += "first ";
  co_await clock.sleep_for(1h);
  notes += "second ";
}

TEST(Timeout, leaves_the_caller_cancellable) {
  TestLoop loop;
  TaskGroup group(loop.waits, "test");
  std::string notes;
  group.spawn(note_how_it_ends(two_waits(loop.clock, notes), notes));
  loop.context.poll();
  loop.clock.step();
  loop.context.restart();
  loop.context.poll();
  ASSERT_EQ(notes, "first ");
  loop.run(group.stop());
  EXPECT_EQ(notes, "first cancelled");
}

TEST(Waits, a_world_that_ends_frees_a_pending_timeout) {
  std::string notes;
  {
    TestLoop loop;
    boost::asio::co_spawn(
        loop.context, within(loop.clock, 1h, sleep_then_note(loop.clock, 2h, notes, 'x'), "never"),
        [](std::exception_ptr) {});
    loop.context.poll();
    loop.waits.clear();
    EXPECT_EQ(loop.waits.size(), 0u);
  }
  EXPECT_EQ(notes, "");
}

}  // namespace
}  // namespace shoal
