#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "system/time.h"

namespace shoal::gossipsub {

/// How long something takes at most, mostly: as RFC 6298 does it for round trips, without a clock.
class DelayEstimate {
 public:
  DelayEstimate(Duration least, Duration most) : least_(least), most_(most) {}

  void add(Duration took) {
    if (!mean_) {
      mean_ = took;
      variation_ = took / 2;
      return;
    }
    variation_ = (3 * variation_ + std::chrono::abs(took - *mean_)) / 4;
    mean_ = (7 * *mean_ + took) / 8;
  }
  /// The most, before anything is known.
  Duration get() const {
    if (!mean_) return most_;
    return std::clamp<Duration>(*mean_ + 4 * variation_, least_, most_);
  }

 private:
  const Duration least_;
  const Duration most_;
  std::optional<Duration> mean_;
  Duration variation_{0};
};

}  // namespace shoal::gossipsub
