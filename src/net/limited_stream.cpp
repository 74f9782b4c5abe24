#include "net/limited_stream.h"

#include <algorithm>

namespace shoal::net {

namespace {

// Such as requests and window updates, on which the other side's sending hangs: they do not wait
// behind the blocks of other connections.
constexpr std::size_t kSmallBytes = 1024;
constexpr std::size_t kMostReadBytes = 64 * 1024;

}  // namespace

Task<std::size_t> LimitedStream::read_some(MutableBytes into) {
  if (!bandwidth_.down.unlimited()) into = into.first(std::min(into.size(), kMostReadBytes));
  const std::size_t got = co_await under_->read_some(into);
  bandwidth_.down.passed(got);
  if (!bandwidth_.down.unlimited()) co_await bandwidth_.down.take(got);
  co_return got;
}

Task<void> LimitedStream::write(std::span<const ByteView> pieces) {
  std::size_t total = 0;
  for (const ByteView piece : pieces) total += piece.size();
  if (!bandwidth_.up.unlimited()) return write_in_turn(pieces, total);
  bandwidth_.up.passed(total);
  return under_->write(pieces);
}

Task<void> LimitedStream::write_in_turn(std::span<const ByteView> pieces, std::size_t total) {
  if (total <= kSmallBytes && bandwidth_.up.take_now(total)) {
    co_await under_->write(pieces);
    bandwidth_.up.passed(total);
    co_return;
  }
  // Connections that share a limit take turns.
  const std::size_t most = bandwidth_.up.part_bytes();
  for (const ByteView piece : pieces) {
    for (std::size_t at = 0; at < piece.size(); at += most) {
      const ByteView part = piece.subspan(at, std::min(most, piece.size() - at));
      co_await bandwidth_.up.take(part.size());
      co_await write_all(*under_, part);
      bandwidth_.up.passed(part.size());
    }
  }
}

}  // namespace shoal::net
