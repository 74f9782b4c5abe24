#pragma once

#include "system/system.h"

namespace shoal {

/// Cooperative scheduling for a loop that rarely suspends: signals, timers and peers are handled in
/// between. One for each loop.
class Yield {
 public:
  static constexpr Duration kSlice = 2ms;
  /// Where time stands still within a step, as in the simulator.
  static constexpr unsigned kSteps = 256;

  explicit Yield(System& system) : system_(system) {}

  /// To be awaited between two steps of the loop. Suspends when the time slice is used up, and is
  /// cancellable then.
  Task<void> step();

 private:
  System& system_;
  TimePoint started_{};
  unsigned steps_ = 0;
};

/// Suspends once, so that whatever is ready runs first. Cancellable.
Task<void> yield_now(Waits& waits);

}  // namespace shoal
