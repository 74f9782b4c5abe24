#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "system/system.h"

namespace shoal {

/// Awaits `task` and calls `tick` every `period` meanwhile, and once more at its end when it
/// succeeds. What `tick` throws cancels the task and is thrown.
Task<void> with_ticks(System& system, Duration period, std::function<void()> tick, Task<void> task);

namespace detail {
template <class T>
Task<void> keep(Task<T> task, std::optional<T>& result) {
  result.emplace(co_await std::move(task));
}
}  // namespace detail

template <class T>
Task<T> with_ticks(System& system, Duration period, std::function<void()> tick, Task<T> task) {
  std::optional<T> result;
  Task<void> work = detail::keep(std::move(task), result);
  co_await with_ticks(system, period, std::move(tick), std::move(work));
  co_return std::move(*result);
}

}  // namespace shoal
