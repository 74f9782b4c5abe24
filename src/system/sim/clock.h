#pragma once

#include "system/clock.h"

namespace shoal::sim {

/// The one clock of a world. Moves only from event to event.
class VirtualClock final : public Clock {
 public:
  VirtualClock(Waits& waits, TimePoint start, WallTime wall_start)
      : Clock(waits),
        now_(start),
        wall_offset_(wall_start.time_since_epoch() - start.time_since_epoch()) {}

  TimePoint now() const override { return now_; }
  WallTime wall_now() const override { return WallTime(now_.time_since_epoch() + wall_offset_); }
  /// Lets the calendar jump, as an operator or a time server does.
  void shift_wall(Duration by) { wall_offset_ += by; }

  std::optional<TimePoint> next() { return next_deadline(); }
  void advance_to(TimePoint time) { now_ = time; }
  void wake_due() { wake_until(now_); }

 private:
  void deadline_moved() override {}

  TimePoint now_;
  Duration wall_offset_;
};

}  // namespace shoal::sim
