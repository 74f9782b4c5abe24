#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "system/time.h"

namespace shoal {

/// The rate of something that grows, over the last three seconds, or another window.
class RateMeter {
 public:
  static constexpr Duration kWindow = 3s;

  RateMeter() = default;
  explicit RateMeter(Duration window) : window_(window) {}

  /// The total so far. When it shrinks, the rate begins anew.
  void update(TimePoint now, std::uint64_t total);

  /// Per second. 0 until two updates have shown something.
  std::uint64_t rate() const;
  /// None while nothing moves.
  std::optional<Duration> time_for(std::uint64_t rest) const;

 private:
  struct Sample {
    TimePoint time;
    std::uint64_t total;
  };
  Duration window_ = kWindow;
  std::deque<Sample> samples_;  // of the window, and the last one before it
};

}  // namespace shoal
