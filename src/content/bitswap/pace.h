#pragma once

#include <algorithm>
#include <cstddef>

#include "system/time.h"

namespace shoal::content::bitswap {

/// How much is read or written before a peer has to have moved it: it is given up when it does not
/// in time, and nothing tells how far it was. Little, so that a slow line is enough, until so much
/// has passed without waiting that it can not have been what a window and the way hold.
class Pace {
 public:
  static constexpr std::size_t kSlowBytes = 16 * 1024;
  static constexpr std::size_t kQuickBytes = 256 * 1024;
  static constexpr std::size_t kProofBytes = 4 * 1024 * 1024;
  static constexpr Duration kAtOnce = 1s;

  std::size_t part_bytes() const { return proof_ < kProofBytes ? kSlowBytes : kQuickBytes; }
  void moved(std::size_t bytes, Duration took) {
    proof_ = took > kAtOnce ? 0 : std::min(proof_ + bytes, kProofBytes);
  }
  void failed() { proof_ = 0; }

 private:
  std::size_t proof_ = 0;  // bytes that passed without waiting, up to now
};

}  // namespace shoal::content::bitswap
