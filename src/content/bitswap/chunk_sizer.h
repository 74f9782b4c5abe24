#pragma once

#include <algorithm>
#include <cstddef>

#include "system/time.h"

namespace shoal::content::bitswap {

/// Chunk size for I/O with a progress deadline: a peer that does not finish a chunk in time is
/// dropped. Starts at 16 KiB so that slow links make it; grows to 256 KiB once 4 MiB have passed
/// without blocking, which is more than windows and path can buffer, and to 1 MiB while these take
/// less than kFast: on a busy node each chunk waits for the turns of all others.
class ChunkSizer {
 public:
  static constexpr std::size_t kSlowBytes = 16 * 1024;
  static constexpr std::size_t kQuickBytes = 256 * 1024;
  static constexpr std::size_t kFastBytes = 1024 * 1024;
  static constexpr std::size_t kProofBytes = 4 * 1024 * 1024;
  static constexpr Duration kBlocked = 1s;
  static constexpr Duration kFast = 50ms;  // for kQuickBytes

  bool is_quick() const { return unblocked_ >= kProofBytes; }
  std::size_t bytes() const {
    if (!is_quick()) return kSlowBytes;
    return fast_ ? kFastBytes : kQuickBytes;
  }
  void moved(std::size_t bytes, Duration took) {
    unblocked_ = took > kBlocked ? 0 : std::min(unblocked_ + bytes, kProofBytes);
    if (bytes >= kQuickBytes) fast_ = took <= kFast * (bytes / kQuickBytes);
  }
  void failed() {
    unblocked_ = 0;
    fast_ = false;
  }

 private:
  std::size_t unblocked_ = 0;  // bytes that passed without blocking, up to now
  bool fast_ = false;
};

}  // namespace shoal::content::bitswap
