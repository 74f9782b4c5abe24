#pragma once

#include <algorithm>
#include <chrono>

namespace shoal {

/// So many at once, and so many a second. `now` is any monotonic time, the same for all calls.
class TokenBucket {
 public:
  using Time = std::chrono::nanoseconds;

  TokenBucket(double burst, double per_second)
      : burst_(burst), per_second_(per_second), left_(burst) {}

  /// False when there is none left.
  bool take(Time now) {
    const double seconds = std::chrono::duration<double>(now - refilled_).count();
    left_ = std::min(burst_, left_ + seconds * per_second_);
    refilled_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  double burst_;
  double per_second_;
  double left_;
  Time refilled_{};
};

}  // namespace shoal
