#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <shoal/async.h>

namespace shoal {

/// Waits in the time of the node that runs the caller: real, or of its simulation. Cancellable.
Async<void> sleep_for(std::chrono::nanoseconds time);

/// The result of `work`, or Error{timeout} saying `what` ("waiting for the greeting") when it is
/// not there in time; `work` is then cancelled, and has ended before this throws.
Async<void> within(std::chrono::nanoseconds time, Async<void> work, std::string what);

template <class T>
Async<T> within(std::chrono::nanoseconds time, Async<T> work, std::string what) {
  std::optional<T> result;
  co_await within(time, detail::keep(std::move(work), result), std::move(what));
  co_return std::move(*result);
}

/// Runs all at once and returns when all have ended. The first that throws cancels the others and
/// is rethrown.
Async<void> all(std::vector<Async<void>> works);

}  // namespace shoal
