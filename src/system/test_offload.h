#pragma once

#include <gtest/gtest.h>

#include "system/event.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::testing {

/// The same of every world's pool: a task that was cancelled before begins no job, and learns of
/// it.
inline Task<void> offload_after_cancellation(System& system) {
  struct Body {
    static Task<void> work(System& each, Event& go, bool& gone, bool& worked, bool& cancelled) {
      while (!gone) co_await go.wait_uncancellable();
      try {
        co_await offload(each.offload, [&worked] { worked = true; });
      } catch (const boost::system::system_error& error) {
        cancelled = is_cancelled(error);
      }
    }
  };
  Event go(system.waits);
  bool gone = false;
  bool worked = false;
  bool cancelled = false;
  TaskGroup tasks(system.waits, "test");
  tasks.spawn(Body::work(system, go, gone, worked, cancelled));
  tasks.cancel();
  gone = true;
  go.notify_all();
  co_await tasks.join();
  EXPECT_FALSE(worked);
  EXPECT_TRUE(cancelled);
}

}  // namespace shoal::testing
