#pragma once

#include <algorithm>
#include <cstddef>

namespace shoal::quic {

/// What all connections hold of what they send until it is acknowledged. A connection that many
/// others share the memory with gets less, and always enough to go on.
class SendBudget {
 public:
  static constexpr std::size_t kTotal = 64 * 1024 * 1024;
  static constexpr std::size_t kMaxOfOne = 16 * 1024 * 1024;
  static constexpr std::size_t kMinOfOne = 64 * 1024;

  /// What one that holds `own` may hold.
  std::size_t limit(std::size_t own) const {
    const std::size_t others = held_ - own;
    const std::size_t share = kTotal > others ? (kTotal - others) / 2 : 0;
    return std::clamp(share, kMinOfOne, kMaxOfOne);
  }
  void add(std::size_t bytes) { held_ += bytes; }
  void remove(std::size_t bytes) { held_ -= bytes; }
  std::size_t held() const { return held_; }

 private:
  std::size_t held_ = 0;
};

}  // namespace shoal::quic
