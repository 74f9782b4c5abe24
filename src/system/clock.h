#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "system/time.h"
#include "system/waits.h"

namespace shoal {

/// The time of a System, and waiting for it. One class serves both worlds: the real one moves it
/// with the machine's clock, the simulated one from event to event.
class Clock {
 public:
  explicit Clock(Waits& waits) : waits_(waits) {}
  virtual ~Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;

  virtual TimePoint now() const = 0;
  virtual WallTime wall_now() const = 0;

  /// Returns at `deadline` or at the first opportunity after it. Cancellable.
  Task<void> sleep_until(TimePoint deadline);
  Task<void> sleep_for(Duration duration) { return sleep_until(now() + duration); }

  /// Until somebody wakes the id that `begun` was given, or until `deadline`: whether it was woken.
  /// Cancellable.
  Task<bool> wait_until(TimePoint deadline, std::function<void(Waits::Id)> begun);

  /// Calls `ring` in a step of its own at `deadline`, or at the first opportunity after it. Costs
  /// less than a task that sleeps when it is called off in nearly every case.
  Waits::Id call_at(TimePoint deadline, std::move_only_function<void()> ring);
  /// It may be about to ring all the same: `ring` must look whether it still should.
  void call_off(Waits::Id call);

  Waits& waits() { return waits_; }

 protected:
  /// Called when the earliest deadline may have become earlier.
  virtual void deadline_moved() = 0;

  /// The earliest deadline somebody waits for.
  std::optional<TimePoint> next_deadline();
  /// Wakes all whose deadline is at or before `time`, in order of deadline, then of arrival.
  void wake_until(TimePoint time);

 private:
  struct Timer {
    TimePoint deadline;
    std::uint64_t order;
    Waits::Id wait;
    bool* rang = nullptr;  // lives as long as somebody waits
    bool operator>(const Timer& other) const {
      return deadline != other.deadline ? deadline > other.deadline : order > other.order;
    }
  };

  void push(Timer timer);
  void pop();
  void drop_cancelled();

  Waits& waits_;
  std::vector<Timer> heap_;
  std::uint64_t next_order_ = 0;
  std::size_t cancelled_ = 0;
};

}  // namespace shoal
