#include <shoal/time.h>

#include <utility>

#include "library/bridge.h"
#include "system/task_group.h"
#include "system/timeout.h"

namespace shoal {

namespace {

using library::Loop;

Task<void> keep_failure(Loop& loop, Async<void> work, TaskGroup& group,
                        std::exception_ptr& failure) {
  try {
    co_await library::run_async(loop, std::move(work));
  } catch (...) {
    if (!failure) failure = std::current_exception();
    group.cancel();
  }
}

Task<void> run_all(Loop& loop, std::vector<Async<void>> works) {
  TaskGroup group(loop.system().waits, "all");
  std::exception_ptr failure;
  for (Async<void>& work : works) {
    group.spawn(keep_failure(loop, std::move(work), group, failure));
  }
  std::exception_ptr cancelled;
  try {
    co_await group.join();
  } catch (...) {
    cancelled = std::current_exception();
  }
  co_await group.stop();
  if (cancelled) std::rethrow_exception(cancelled);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

Async<void> sleep_for(std::chrono::nanoseconds time) {
  detail::Scope& scope = co_await library::current_scope();
  Loop& loop = scope.loop();
  co_await library::WaitForTask(loop, loop.system().clock.sleep_for(time));
}

Async<void> within(std::chrono::nanoseconds time, Async<void> work, std::string what) {
  detail::Scope& scope = co_await library::current_scope();
  Loop& loop = scope.loop();
  Task<void> running = library::run_async(loop, std::move(work));
  Task<void> bounded = within(loop.system().clock, time, std::move(running), std::move(what));
  co_await library::WaitForTask(loop, std::move(bounded));
}

Async<void> all(std::vector<Async<void>> works) {
  detail::Scope& scope = co_await library::current_scope();
  co_await library::WaitForTask(scope.loop(), run_all(scope.loop(), std::move(works)));
}

}  // namespace shoal
