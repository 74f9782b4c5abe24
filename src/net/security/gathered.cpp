#include "net/security/gathered.h"

#include <algorithm>

#include "base/error.h"

namespace shoal::net {

Gathered::Gathered(std::span<const ByteView> pieces) : pieces_(pieces) {
  for (const auto piece : pieces) remaining_bytes_ += piece.size();
}

void Gathered::take(std::size_t bytes, std::vector<ByteView>& views) {
  SHOAL_CHECK(bytes <= remaining_bytes_);
  remaining_bytes_ -= bytes;
  while (bytes > 0) {
    const auto rest = pieces_.front().subspan(taken_of_first_);
    const std::size_t size = std::min(bytes, rest.size());
    if (size > 0) views.push_back(rest.first(size));
    bytes -= size;
    taken_of_first_ += size;
    if (size == rest.size()) {
      pieces_ = pieces_.subspan(1);
      taken_of_first_ = 0;
    }
  }
}

}  // namespace shoal::net
