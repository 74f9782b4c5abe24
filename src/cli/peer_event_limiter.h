#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "base/token_bucket.h"
#include "system/time.h"

namespace shoal::cli {

/// Decides which peers are told of one by one, and counts the others: 10,000 connects must not fill
/// a log. A peer that was told of as connected is told of as gone, too. Sans-I/O.
class PeerEventLimiter {
 public:
  /// Peers told of one by one, at once and each second.
  static constexpr double kBurst = 64;
  static constexpr double kPerSecond = 5;
  /// Between two lines of counts.
  static constexpr Duration kCountPeriod = 1s;

  struct Counts {
    std::size_t connected = 0;
    std::size_t gone = 0;
  };

  /// Whether this one is told of; else it is counted.
  bool connected(TimePoint now) {
    if (bucket_.take(now.time_since_epoch())) return true;
    ++counts_.connected;
    return false;
  }
  /// One that was only counted has gone.
  void gone() { ++counts_.gone; }
  /// What was counted since the last time; none too soon after it, or when there is nothing.
  std::optional<Counts> take(TimePoint now) {
    const bool soon = taken_ && now - *taken_ < kCountPeriod;
    return soon ? std::nullopt : take_rest(now);
  }
  /// The same at the end, however soon.
  std::optional<Counts> take_rest(TimePoint now) {
    if (counts_.connected == 0 && counts_.gone == 0) return std::nullopt;
    taken_ = now;
    return std::exchange(counts_, {});
  }

 private:
  TokenBucket bucket_{kBurst, kPerSecond};
  Counts counts_;
  std::optional<TimePoint> taken_;
};

}  // namespace shoal::cli
