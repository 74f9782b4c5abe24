#include "system/timeout.h"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "system/task_group.h"

namespace shoal {

namespace asio = boost::asio;

namespace {

/// Awaits `task` so that emitting `signal` cancels it alone, while cancelling the caller cancels it
/// too.
Task<void> cancellable(Waits& waits, asio::cancellation_signal& signal, Task<void> task) {
  co_await cancellation_point();
  const auto initiate = [&waits, &signal, &task](auto handler) {
    auto outer = asio::get_associated_cancellation_slot(handler);
    if (outer.is_connected()) {
      outer.assign([&signal](asio::cancellation_type type) { signal.emit(type); });
    }
    auto completion = [handler = std::move(handler), outer](std::exception_ptr error) mutable {
      if (outer.is_connected()) outer.clear();
      std::move(handler)(std::move(error));
    };
    asio::co_spawn(waits.executor(), std::move(task),
                   asio::bind_cancellation_slot(signal.slot(), std::move(completion)));
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(
      initiate, asio::use_awaitable);
}

Task<void> ring(Clock& clock, TimePoint deadline, asio::cancellation_signal& signal, bool& rang) {
  co_await clock.sleep_until(deadline);
  rang = true;
  signal.emit(asio::cancellation_type::terminal);
}

}  // namespace

namespace detail {

Task<void> run_until(Clock& clock, TimePoint deadline, Task<void> task, std::string what) {
  asio::cancellation_signal signal;
  bool rang = false;
  TaskGroup alarm(clock.waits(), "alarm");
  alarm.spawn(ring(clock, deadline, signal, rang));
  std::exception_ptr failure;
  try {
    co_await cancellable(clock.waits(), signal, std::move(task));
  } catch (...) {
    failure = std::current_exception();
  }
  co_await alarm.stop();
  if (!failure) co_return;
  if (!rang) std::rethrow_exception(failure);
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    if (!is_cancelled(error)) throw;
  }
  throw Error(ErrorCode::timeout, "no answer in time", std::move(what));
}

}  // namespace detail

}  // namespace shoal
