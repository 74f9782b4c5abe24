#include "system/yield.h"

namespace shoal {

Task<void> yield_now(Waits& waits) {
  const auto begun = [&waits](Waits::Id id) { waits.wake(id); };
  co_await waits.wait(begun);
}

Task<void> Yield::step() {
  const TimePoint now = system_.clock.now();
  if (steps_++ == 0) started_ = now;
  if (steps_ < kSteps && now - started_ < kSlice) co_return;
  steps_ = 0;
  co_await yield_now(system_.waits);
}

}  // namespace shoal
