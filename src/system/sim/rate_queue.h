#pragma once

#include "system/sim/packet.h"

namespace shoal::sim {

/// A line of a fixed rate with a bounded queue before it, served in order. What does not fit is
/// lost.
class RateQueue final : public Hop {
 public:
  /// `bytes_per_second` 0: no limit. `queue_bytes` 0: what the line carries in 100 ms, at least 64
  /// KiB.
  RateQueue(std::uint64_t bytes_per_second, std::uint64_t queue_bytes);

  std::optional<TimePoint> pass(Packet& packet, TimePoint at) override;
  void set_rate(std::uint64_t bytes_per_second, std::uint64_t queue_bytes);

  std::uint64_t bytes_per_second() const { return rate_; }
  std::uint64_t queue_bytes() const { return queue_bytes_; }
  std::uint64_t bytes_passed() const { return bytes_passed_; }
  std::uint64_t bytes_lost() const { return bytes_lost_; }

 private:
  std::uint64_t rate_ = 0;
  std::uint64_t queue_bytes_ = 0;
  Duration longest_{};  // how long the queue may take to drain
  TimePoint free_at_{};
  std::uint64_t bytes_passed_ = 0;
  std::uint64_t bytes_lost_ = 0;
};

/// How long `bytes` take at a rate; bytes below 16 GiB.
constexpr Duration time_at_rate(std::uint64_t bytes, std::uint64_t bytes_per_second) {
  return Duration(static_cast<Duration::rep>(bytes * 1'000'000'000 / bytes_per_second));
}

}  // namespace shoal::sim
