#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace shoal::yamux {

/// What a peer may make us do that carries no content: every frame costs a part of it, content in
/// either direction pays for it. An honest peer uses a small fraction.
class FrameBudget {
 public:
  using Time = std::chrono::nanoseconds;

  static constexpr double kBurstFrames = 32 * 1024;
  static constexpr double kFramesPerSecond = 2048;
  /// Content received that pays for its frame, and content sent that pays for one credit frame.
  static constexpr double kReceivedBytesPerFrame = 1024;
  static constexpr double kSentBytesPerFrame = 16 * 1024;
  /// A stream costs far more than its frame: memory, a task, a negotiation.
  static constexpr double kBurstOpens = 1024;
  static constexpr double kOpensPerSecond = 64;

  explicit FrameBudget(Time now) : refilled_(now) {}

  /// False: the peer has used it up.
  bool take_frame(std::size_t payload_bytes, Time now) {
    if (frames_ < 1) refill(now);
    if (frames_ < 1) return false;
    const double paid = static_cast<double>(payload_bytes) / kReceivedBytesPerFrame;
    frames_ = std::min(kBurstFrames, frames_ - 1 + std::min(paid, 1.0));
    return true;
  }
  bool take_open(Time now) {
    if (opens_ < 1) refill(now);
    if (opens_ < 1) return false;
    opens_ -= 1;
    return true;
  }
  void sent(std::size_t bytes) {
    frames_ = std::min(kBurstFrames, frames_ + static_cast<double>(bytes) / kSentBytesPerFrame);
  }

 private:
  void refill(Time now) {
    const double seconds = std::chrono::duration<double>(now - refilled_).count();
    frames_ = std::min(kBurstFrames, frames_ + seconds * kFramesPerSecond);
    opens_ = std::min(kBurstOpens, opens_ + seconds * kOpensPerSecond);
    refilled_ = now;
  }

  Time refilled_;
  double frames_ = kBurstFrames;
  double opens_ = kBurstOpens;
};

}  // namespace shoal::yamux
