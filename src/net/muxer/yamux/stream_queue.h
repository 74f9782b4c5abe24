#pragma once

#include <algorithm>
#include <cstddef>

#include "base/bytes.h"

namespace shoal::yamux {

/// Received bytes that nobody has read yet. Holds no memory while empty.
class StreamQueue {
 public:
  bool empty() const { return begin_ == bytes_.size(); }
  std::size_t size() const { return bytes_.size() - begin_; }

  void put(ByteView more) {
    if (begin_ > bytes_.size() / 2) drop_taken();
    append(bytes_, more);
  }

  /// Moves as many bytes as there are and fit; returns how many.
  std::size_t take(MutableBytes into) {
    const std::size_t count = std::min(into.size(), size());
    std::copy_n(bytes_.data() + begin_, count, into.data());
    begin_ += count;
    if (empty()) {
      bytes_ = {};
      begin_ = 0;
    }
    return count;
  }

 private:
  void drop_taken() {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }

  Bytes bytes_;
  std::size_t begin_ = 0;
};

}  // namespace shoal::yamux
