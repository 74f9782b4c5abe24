#pragma once

#include <chrono>

namespace shoal {

using Duration = std::chrono::nanoseconds;

/// The monotonic clock of a System: starts anywhere, never goes back. Has no now() of its own, so
/// that nobody reads the machine's clock by accident: ask Clock.
struct MonotonicTime {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicTime, duration>;
  static constexpr bool is_steady = true;
};
using TimePoint = MonotonicTime::time_point;

/// Calendar time, UTC. May jump; never used for timeouts.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

using std::chrono_literals::operator""ns;
using std::chrono_literals::operator""us;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;

}  // namespace shoal
