#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "net/transport/quic/limits.h"

namespace shoal::quic {

/// When to let the peer send more on one stream than it may now. What was read may be sent again;
/// a window of which half was read within two round trips is smaller than the path, or close to it,
/// and doubles, or grows by kMaxWindowStep.
class ReceiveWindow {
 public:
  using Time = std::chrono::nanoseconds;

  explicit ReceiveWindow(Time now) : begun_(now) {}

  /// `bytes` were read: by how many the window grows, at most by `allowance`.
  std::uint64_t consumed(std::uint64_t bytes, Time now, Time round_trip, std::uint64_t allowance) {
    read_ += bytes;
    if (read_ < size_ / 2) return 0;
    const bool is_small = round_trip > Time::zero() && now - begun_ < 2 * round_trip;
    read_ = 0;
    begun_ = now;
    if (!is_small || size_ >= kMaxStreamWindow) return 0;
    const std::uint64_t more =
        std::min({size_, kMaxStreamWindow - size_, kMaxWindowStep, allowance});
    size_ += more;
    return more;
  }

  /// What was read since it was last so is half the window: the peer may be waiting for more.
  bool is_at_half() const { return read_ == 0; }
  std::uint64_t grown() const { return size_ - kInitialStreamWindow; }

 private:
  Time begun_;
  std::uint64_t size_ = kInitialStreamWindow;
  std::uint64_t read_ = 0;
};

}  // namespace shoal::quic
