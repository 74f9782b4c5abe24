#pragma once

#include <cstddef>
#include <vector>

#include "content/served/served_blocks.h"
#include "format/multihash.h"

namespace shoal::service {

/// Which blocks of a tree one peer has been sent: a bit for each.
class Delivery {
 public:
  /// Of a larger tree a peer's own word counts.
  static constexpr std::size_t kMaxBlocks = std::size_t{1} << 20;

  /// True when this was the last of `tree` that was missing. With the same `tree` each time.
  bool sent(const content::ServedBlocks::Scope& tree, const Multihash& hash);

 private:
  std::vector<bool> sent_;
  std::size_t count_ = 0;
};

}  // namespace shoal::service
