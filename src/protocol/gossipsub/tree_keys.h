#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "protocol/gossipsub/tree_rpc.h"

namespace shoal::gossipsub {

/// A bounded set of trees; the one that was added first goes.
class TreeKeys {
 public:
  static constexpr std::size_t kMaxKeys = 256;

  bool contains(TreeKey key) const { return std::ranges::find(keys_, key) != keys_.end(); }
  void add(TreeKey key) {
    if (contains(key)) return;
    if (keys_.size() == kMaxKeys) keys_.erase(keys_.begin());
    keys_.push_back(key);
  }
  /// Whether it was in.
  bool remove(TreeKey key) { return std::erase(keys_, key) > 0; }
  /// All, which are in no more.
  std::vector<TreeKey> take() { return std::exchange(keys_, {}); }
  std::size_t size() const { return keys_.size(); }

 private:
  std::vector<TreeKey> keys_;
};

}  // namespace shoal::gossipsub
