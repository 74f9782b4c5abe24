#include "system/sim/congestion.h"

#include <algorithm>
#include <limits>

namespace shoal::sim {

namespace {

constexpr std::uint64_t kInitialSegments = 10;  // RFC 6928
constexpr std::uint64_t kFewestSegments = 2;
constexpr std::uint64_t kHyStartSegments = 16;
constexpr Duration kShortestTimeout = std::chrono::milliseconds(200);
constexpr Duration kInitialTimeout = std::chrono::seconds(1);

}  // namespace

CongestionWindow::CongestionWindow(std::uint32_t segment_bytes)
    : segment_(segment_bytes),
      window_(kInitialSegments * segment_bytes),
      threshold_(std::numeric_limits<std::uint64_t>::max()) {}

Duration CongestionWindow::retransmission_timeout() const {
  if (smoothed_ == Duration(0)) return kInitialTimeout;
  return std::max(kShortestTimeout, 2 * smoothed_);
}

void CongestionWindow::measured(Duration round_trip) {
  smoothed_ = smoothed_ == Duration(0) ? round_trip : (7 * smoothed_ + round_trip) / 8;
  shortest_ = std::min(shortest_, round_trip);
  round_shortest_ = std::min(round_shortest_, round_trip);
}

void CongestionWindow::acknowledged(std::uint64_t fresh, std::uint64_t total, std::uint64_t sent,
                                    bool was_full) {
  if (total >= round_end_) end_round(sent);
  if (!was_full) return;
  if (window_ < threshold_) {
    window_ += fresh;
  } else {
    window_ += std::max<std::uint64_t>(1, segment_ * fresh / window_);
  }
}

void CongestionWindow::end_round(std::uint64_t sent) {
  const Duration allowance = std::clamp<Duration>(shortest_ / 8, std::chrono::milliseconds(4),
                                                  std::chrono::milliseconds(16));
  const bool queueing =
      round_shortest_ != Duration::max() && round_shortest_ > shortest_ + allowance;
  if (window_ < threshold_ && queueing && window_ >= kHyStartSegments * segment_) {
    threshold_ = window_;
  }
  round_end_ = sent;
  round_shortest_ = Duration::max();
}

void CongestionWindow::lost(TimePoint now) {
  if (now < recovers_until_) return;
  recovers_until_ = now + smoothed_;
  window_ = std::max(window_ / 2, kFewestSegments * segment_);
  threshold_ = window_;
}

}  // namespace shoal::sim
