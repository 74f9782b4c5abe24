#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace shoal {

/// What a fuzzer was given, read as a script; zeros after its end.
class FuzzScript {
 public:
  explicit FuzzScript(ByteView bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::uint8_t byte() { return empty() ? 0 : take(1)[0]; }
  std::size_t number() { return std::size_t{byte()} << 8 | byte(); }
  ByteView take(std::size_t size) {
    const ByteView front = bytes_.first(std::min(size, bytes_.size()));
    bytes_ = bytes_.subspan(front.size());
    return front;
  }

 private:
  ByteView bytes_;
};

}  // namespace shoal
