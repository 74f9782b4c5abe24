#pragma once

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "system/clock.h"

namespace shoal::testing {

/// A clock that stands still until told.
class ManualClock final : public Clock {
 public:
  using Clock::Clock;
  TimePoint now() const override { return now_; }
  WallTime wall_now() const override { return WallTime(now_.time_since_epoch()); }

  /// To the next deadline; false when there is none.
  bool step() {
    const auto next = next_deadline();
    if (!next) return false;
    now_ = std::max(now_, *next);
    wake_until(now_);
    return true;
  }

 protected:
  void deadline_moved() override {}

 private:
  TimePoint now_{1h};
};

/// The least world that coroutines run in: time passes when nobody has anything to do.
class TestLoop {
 public:
  TestLoop() : waits(context.get_executor()), clock(waits) {}
  /// As os::World: frames that are still suspended may ask the clock and the waits as they go.
  ~TestLoop() {
    waits.clear();
    owned_.reset();
  }
  TestLoop(const TestLoop&) = delete;
  TestLoop& operator=(const TestLoop&) = delete;

  /// Until nothing moves any more; throws what leaves `main`.
  void run(Task<void> main) {
    std::exception_ptr failure;
    boost::asio::co_spawn(context, std::move(main),
                          [&](std::exception_ptr error) { failure = std::move(error); });
    run();
    if (failure) std::rethrow_exception(failure);
  }

  void run() {
    do {
      context.restart();
      context.poll();
    } while (clock.step());
  }

 private:
  std::optional<boost::asio::io_context> owned_{std::in_place};

 public:
  boost::asio::io_context& context = *owned_;
  Waits waits;
  ManualClock clock;
};

}  // namespace shoal::testing
