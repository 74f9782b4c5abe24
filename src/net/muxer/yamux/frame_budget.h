#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace shoal::yamux {

/// What a peer may make us do that carries no content: every frame costs a part of it, content in
/// either direction pays for it. Who uses it up is read more slowly, not sent away: a program that
/// says much in few bytes does nothing wrong.
class FrameBudget {
 public:
  using Time = std::chrono::nanoseconds;

  static constexpr double kBurstFrames = 32 * 1024;
  static constexpr double kFramesPerSecond = 4096;
  /// Content received that pays for its frame, and content sent that pays for one credit frame.
  static constexpr double kReceivedBytesPerFrame = 64;
  static constexpr double kSentBytesPerFrame = 16 * 1024;
  /// A stream costs far more than its frame: memory, a task, a negotiation.
  static constexpr double kBurstOpens = 1024;
  static constexpr double kOpensPerSecond = 16;

  explicit FrameBudget(Time now) : refilled_(now) {}

  void take_frame(std::size_t payload_bytes) {
    const double paid = static_cast<double>(payload_bytes) / kReceivedBytesPerFrame;
    frames_ -= 1 - std::min(paid, 1.0);
  }
  void take_open() { opens_ -= 1; }
  /// A stream did what streams are for.
  void give_back_open() { opens_ = std::min(kBurstOpens, opens_ + 1); }
  void sent(std::size_t bytes) {
    frames_ = std::min(kBurstFrames, frames_ + static_cast<double>(bytes) / kSentBytesPerFrame);
  }

  /// How long to wait before more is read; nothing while there is something left.
  Time owed(Time now) {
    refill(now);
    const double seconds = std::max(-frames_ / kFramesPerSecond, -opens_ / kOpensPerSecond);
    if (seconds <= 0) return Time::zero();
    return std::chrono::ceil<Time>(std::chrono::duration<double>(seconds));
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
