#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "system/clock.h"

namespace shoal {

/// Calls back at a deadline, in a step of its own, unless it was set anew, stopped or destroyed
/// before. Takes a tenth of the memory of a task that sleeps.
class Timer {
 public:
  Timer(Clock& clock, std::function<void()> ring) : clock_(clock), ring_(std::move(ring)) {}
  ~Timer() { stop(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void set(TimePoint deadline) {
    stop();
    set_ = std::make_shared<bool>(true);
    call_ = clock_.call_at(deadline, [this, set = std::weak_ptr(set_)] {
      if (set.expired()) return;
      set_.reset();
      ring_();
    });
  }

  void stop() {
    if (std::exchange(set_, nullptr)) clock_.call_off(call_);
  }

 private:
  Clock& clock_;
  const std::function<void()> ring_;
  std::shared_ptr<bool> set_;  // as long as the call is wanted
  Waits::Id call_ = 0;
};

}  // namespace shoal
