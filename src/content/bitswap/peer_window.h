#pragma once

#include <algorithm>
#include <cstddef>

#include "system/time.h"

namespace shoal::content::bitswap {

/// How many blocks to ask of one peer at once.
///
/// Grows while blocks come soon after they were asked for, by one for each, which doubles it in a
/// round trip; shrinks when they wait in the peer's queue for longer than that is good for. What is
/// in flight to each peer then follows what each delivers, and a slow one never holds many.
class PeerWindow {
 public:
  static constexpr double kStartBlocks = 8;
  static constexpr double kMinBlocks = 2;
  /// Of a peer that many ask for the same: their questions keep it busy.
  static constexpr double kMinTogether = 1;
  static constexpr double kMaxBlocks = 512;
  static constexpr double kMaxBytes = 32 * 1024 * 1024;
  static constexpr Duration kGoodLatency = 500ms;

  std::size_t blocks() const { return static_cast<std::size_t>(std::min(window_, byte_bound())); }

  /// A block came `latency` after it was asked for; `was_full`: the window held us back.
  void delivered(Duration latency, std::size_t bytes, bool was_full) {
    const auto size = static_cast<double>(bytes);
    mean_bytes_ = mean_bytes_ == 0 ? size : mean_bytes_ + (size - mean_bytes_) / 16;
    best_latency_ = std::min(best_latency_, latency);
    const Duration good = std::max<Duration>(kGoodLatency, 2 * best_latency_);
    if (latency > good) {
      window_ = std::max(least_, window_ - 1);
    } else if (was_full) {
      window_ = std::min(kMaxBlocks, window_ + 1);
    }
  }

  /// After a stall.
  void restart() { window_ = least_; }
  /// Another least number, from which it begins.
  void restart_from(double least) { window_ = least_ = least; }

 private:
  double byte_bound() const {
    return mean_bytes_ == 0 ? kMaxBlocks : std::max(least_, kMaxBytes / mean_bytes_);
  }

  double window_ = kStartBlocks;
  double least_ = kMinBlocks;
  double mean_bytes_ = 0;
  Duration best_latency_ = 1h;
};

}  // namespace shoal::content::bitswap
