#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace shoal::net {

/// What is still to be written of bytes that lie in several places. Borrows them.
class PiecesLeft {
 public:
  explicit PiecesLeft(std::span<const ByteView> pieces) : pieces_(pieces) {
    for (const ByteView piece : pieces) bytes_ += piece.size();
  }

  std::size_t bytes() const { return bytes_; }

  /// Appends views of the next `count` bytes, of which there are enough.
  void take(std::size_t count, std::vector<ByteView>& out) {
    bytes_ -= count;
    while (count > 0) {
      const ByteView rest = pieces_.front().subspan(taken_);
      const std::size_t part = std::min(count, rest.size());
      if (part > 0) out.push_back(rest.first(part));
      taken_ += part;
      count -= part;
      if (taken_ == pieces_.front().size()) {
        pieces_ = pieces_.subspan(1);
        taken_ = 0;
      }
    }
  }

 private:
  std::span<const ByteView> pieces_;
  std::size_t taken_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace shoal::net
