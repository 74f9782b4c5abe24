#pragma once

#include <algorithm>
#include <cstddef>

#include "system/time.h"

namespace shoal::content::bitswap {

/// Chunk size for I/O with a progress deadline: a peer that does not finish a chunk in time is
/// dropped. Starts at 16 KiB so that slow links make it; grows to 256 KiB once 4 MiB have passed
/// without blocking, which is more than windows and path can buffer.
class ChunkSizer {
 public:
  static constexpr std::size_t kSlowBytes = 16 * 1024;
  static constexpr std::size_t kQuickBytes = 256 * 1024;
  static constexpr std::size_t kProofBytes = 4 * 1024 * 1024;
  static constexpr Duration kBlocked = 1s;

  bool is_quick() const { return unblocked_ >= kProofBytes; }
  std::size_t bytes() const { return is_quick() ? kQuickBytes : kSlowBytes; }
  void moved(std::size_t bytes, Duration took) {
    unblocked_ = took > kBlocked ? 0 : std::min(unblocked_ + bytes, kProofBytes);
  }
  void failed() { unblocked_ = 0; }

 private:
  std::size_t unblocked_ = 0;  // bytes that passed without blocking, up to now
};

}  // namespace shoal::content::bitswap
