#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "system/clock.h"
#include "system/task.h"

namespace shoal {

namespace detail {
Task<void> run_until(Clock& clock, TimePoint deadline, Task<void> task, std::string what);

template <class T>
Task<void> store(Task<T> task, std::optional<T>& result) {
  result.emplace(co_await std::move(task));
}
}  // namespace detail

/// The result of `task`, or Error{timeout} naming `what` ("connecting to …") when it is not there
/// by `deadline`. The task has ended, by itself or cancelled, before this returns.
inline Task<void> until(Clock& clock, TimePoint deadline, Task<void> task, std::string what) {
  return detail::run_until(clock, deadline, std::move(task), std::move(what));
}

template <class T>
Task<T> until(Clock& clock, TimePoint deadline, Task<T> task, std::string what) {
  std::optional<T> result;
  Task<void> run = detail::store(std::move(task), result);
  co_await detail::run_until(clock, deadline, std::move(run), std::move(what));
  co_return std::move(*result);
}

template <class T>
Task<T> within(Clock& clock, Duration duration, Task<T> task, std::string what) {
  return until(clock, clock.now() + duration, std::move(task), std::move(what));
}

}  // namespace shoal
