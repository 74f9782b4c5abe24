#include "system/timeout.h"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

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

/// Cancels by its signal at a deadline. Whoever waits nearly always ends before: then nothing is
/// thrown and no task has to end.
class Alarm {
 public:
  Alarm(Clock& clock, TimePoint deadline)
      : clock_(clock),
        state_(std::make_shared<State>()),
        call_(clock.call_at(deadline, ringer())) {}
  ~Alarm() {
    state_->over = true;
    clock_.call_off(call_);
  }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  asio::cancellation_signal& signal() { return state_->signal; }
  bool rang() const { return state_->rang; }

 private:
  struct State {
    asio::cancellation_signal signal;
    bool rang = false;
    bool over = false;
  };

  std::move_only_function<void()> ringer() const {
    return [state = state_] {
      if (state->over) return;
      state->rang = true;
      state->signal.emit(asio::cancellation_type::terminal);
    };
  }

  Clock& clock_;
  const std::shared_ptr<State> state_;
  const Waits::Id call_;
};

}  // namespace

namespace detail {

Task<void> run_until(Clock& clock, TimePoint deadline, Task<void> task, std::string what) {
  Alarm alarm(clock, deadline);
  try {
    co_await cancellable(clock.waits(), alarm.signal(), std::move(task));
    co_return;
  } catch (const boost::system::system_error& error) {
    if (!alarm.rang() || !is_cancelled(error)) throw;
  }
  throw Error(ErrorCode::timeout, "no answer in time", std::move(what));
}

}  // namespace detail

}  // namespace shoal
