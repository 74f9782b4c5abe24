#include "system/sim/rate_queue.h"

#include <algorithm>

namespace shoal::sim {

namespace {
constexpr std::uint64_t kSmallestQueueBytes = 64 * 1024;
}

RateQueue::RateQueue(std::uint64_t bytes_per_second, std::uint64_t queue_bytes) {
  set_rate(bytes_per_second, queue_bytes);
}

void RateQueue::set_rate(std::uint64_t bytes_per_second, std::uint64_t queue_bytes) {
  rate_ = bytes_per_second;
  if (rate_ == 0) return;
  if (queue_bytes == 0) queue_bytes = std::max(rate_ / 10, kSmallestQueueBytes);
  queue_bytes_ = queue_bytes;
  longest_ = time_at_rate(queue_bytes, rate_);
}

std::optional<TimePoint> RateQueue::pass(Packet& packet, TimePoint at) {
  if (rate_ == 0) {
    bytes_passed_ += packet.wire_bytes;
    return at;
  }
  const TimePoint begins = std::max(at, free_at_);
  // A packet larger than the queue passes when nothing is before it.
  const Duration waiting = begins - at;
  if (waiting > Duration(0) && waiting + time_at_rate(packet.wire_bytes, rate_) > longest_) {
    bytes_lost_ += packet.wire_bytes;
    return std::nullopt;
  }
  bytes_passed_ += packet.wire_bytes;
  free_at_ = begins + time_at_rate(packet.wire_bytes, rate_);
  return free_at_;
}

}  // namespace shoal::sim
