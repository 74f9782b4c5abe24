#pragma once

#include <cstdint>

#include "system/time.h"

namespace shoal::sim {

/// How much one direction of a stream may have on its way: slow start from ten segments, left when
/// round trips grow (as HyStart, RFC 9406) or at a loss, which halves the window; then one segment
/// more each round trip (RFC 5681).
class CongestionWindow {
 public:
  explicit CongestionWindow(std::uint32_t segment_bytes);

  std::uint64_t bytes() const { return window_; }
  Duration round_trip() const { return smoothed_; }
  Duration retransmission_timeout() const;

  void measured(Duration round_trip);
  /// `total` bytes of the direction are acknowledged now, `fresh` of them new; `sent` were sent.
  void acknowledged(std::uint64_t fresh, std::uint64_t total, std::uint64_t sent, bool was_full);
  /// A loss in a window that was halved already does not count again.
  void lost(TimePoint now);

 private:
  void end_round(std::uint64_t sent);

  std::uint32_t segment_;
  std::uint64_t window_;
  std::uint64_t threshold_;
  std::uint64_t round_end_ = 0;
  Duration smoothed_{};
  Duration shortest_ = Duration::max();
  Duration round_shortest_ = Duration::max();
  TimePoint recovers_until_{};
};

}  // namespace shoal::sim
