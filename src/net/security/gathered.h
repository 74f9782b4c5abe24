#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace shoal::net {

/// What is still to be sent of bytes that lie in several places. Borrows them, and the span.
class Gathered {
 public:
  explicit Gathered(std::span<const ByteView> pieces);

  std::size_t remaining_bytes() const { return remaining_bytes_; }
  /// Appends views of the next `bytes` of them, which must remain.
  void take(std::size_t bytes, std::vector<ByteView>& views);

 private:
  std::span<const ByteView> pieces_;
  std::size_t taken_of_first_ = 0;
  std::size_t remaining_bytes_ = 0;
};

}  // namespace shoal::net
