#pragma once

#include <shoal/async.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "library/scope.h"
#include "system/task.h"

// Between the two kinds of coroutines: Task, which everything below runs as, and Async, which the
// users of the library write.

namespace shoal::library {

/// Runs an Async as a part of the caller: with a scope of its own, which is cancelled when the
/// caller is. Goes on to its end all the same. Cancelled becomes operation_aborted.
Task<void> run_async(Loop& loop, Async<void> work);
/// The same in a scope of the caller's, which lives until then and can be cancelled by others.
Task<void> run_in(detail::Scope& scope, Async<void> work);

/// Whose scope the calling Async runs in: `detail::Scope& scope = co_await current_scope();`
struct current_scope {
  bool await_ready() const noexcept { return false; }
  template <std::derived_from<detail::PromiseBase> Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    scope = caller.promise().scope;
    return false;
  }
  detail::Scope& await_resume() const noexcept { return *scope; }
  detail::Scope* scope = nullptr;
};

/// For what leaves a Task on its way into an Async.
[[noreturn]] void rethrow_to_user(std::exception_ptr failure);

/// `co_await wait_for(loop, task)` in an Async: the result of a Task that runs on `loop`. Throws
/// Cancelled when the caller's scope is cancelled, which cancels the task, or was before.
class WaitForTask final : detail::Scope::Wait {
 public:
  WaitForTask(Loop& loop, Task<void> task) : loop_(loop), task_(std::move(task)) {}
  WaitForTask(const WaitForTask&) = delete;
  WaitForTask& operator=(const WaitForTask&) = delete;

  bool await_ready() const noexcept { return false; }
  template <std::derived_from<detail::PromiseBase> Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) {
    return begin(*caller.promise().scope, caller);
  }
  void await_resume() const {
    if (failure_) rethrow_to_user(failure_);
  }

 private:
  bool begin(detail::Scope& scope, std::coroutine_handle<> caller);
  void ended(std::exception_ptr failure);
  void cancel() override;

  Loop& loop_;
  Task<void> task_;
  detail::Scope* scope_ = nullptr;
  std::coroutine_handle<> caller_;
  /// Shared with the task, which may outlive a frame that is freed at the end of a world.
  std::shared_ptr<boost::asio::cancellation_signal> signal_;
  bool starting_ = false;
  bool ended_ = false;
  std::exception_ptr failure_;
};

namespace internal {
template <class T>
Task<void> store(Task<T> task, std::optional<T>& result) {
  result.emplace(co_await std::move(task));
}
}  // namespace internal

inline Async<void> wait_for(Loop& loop, Task<void> task) {
  co_await WaitForTask(loop, std::move(task));
}

template <class T>
Async<T> wait_for(Loop& loop, Task<T> task) {
  std::optional<T> result;
  co_await WaitForTask(loop, internal::store(std::move(task), result));
  co_return std::move(*result);
}

}  // namespace shoal::library
