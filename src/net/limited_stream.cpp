#include "net/limited_stream.h"

#include <algorithm>

namespace shoal::net {

namespace {

// Small enough that connections that share a slow limit take turns.
constexpr std::size_t kMostAtOnceBytes = 64 * 1024;

}  // namespace

Task<std::size_t> LimitedStream::read_some(MutableBytes into) {
  if (!bandwidth_.down.unlimited()) into = into.first(std::min(into.size(), kMostAtOnceBytes));
  const std::size_t got = co_await under_->read_some(into);
  co_await bandwidth_.down.take(got);
  co_return got;
}

Task<void> LimitedStream::write(std::span<const ByteView> pieces) {
  if (bandwidth_.up.unlimited()) {
    co_await under_->write(pieces);
    co_return;
  }
  for (const ByteView piece : pieces) {
    for (std::size_t at = 0; at < piece.size(); at += kMostAtOnceBytes) {
      const ByteView part = piece.subspan(at, std::min(kMostAtOnceBytes, piece.size() - at));
      co_await bandwidth_.up.take(part.size());
      co_await write_all(*under_, part);
    }
  }
}

}  // namespace shoal::net
