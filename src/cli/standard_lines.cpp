#include "cli/standard_lines.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "system/offload.h"

namespace shoal::cli {

namespace {

constexpr std::size_t kInputPieceBytes = 64 * 1024;
/// How long typed input waits at most until it is seen.
constexpr Duration kLook = 20ms;

bool has_input() {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return ::poll(&input, 1, 0) > 0;
}

/// None at the end; empty when there was nothing after all.
std::optional<Bytes> read_input() {
  Bytes piece(kInputPieceBytes);
  const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
  if (got == 0) return std::nullopt;
  if (got < 0 && errno != EINTR && errno != EAGAIN) {
    // The terminal of a background job, or one that was closed, has no more to say.
    if (errno == EIO) return std::nullopt;
    throw Error(ErrorCode::io, std::string("cannot read: ") + std::strerror(errno),
                "standard input");
  }
  piece.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return piece;
}

}  // namespace

Task<std::optional<Bytes>> StandardLines::next_piece() {
  while (!ended_) {
    if (!has_input()) {
      co_await system_.clock.sleep_for(kLook);
      continue;
    }
    std::optional<Bytes> piece = co_await offload(system_.offload, read_input);
    if (!piece) ended_ = true;
    if (piece && !piece->empty()) co_return std::move(piece);
  }
  co_return std::nullopt;
}

Task<std::optional<Bytes>> StandardLines::next_line() {
  while (true) {
    const auto from = buffer_.begin() + static_cast<std::ptrdiff_t>(seen_);
    const auto end = std::find(from, buffer_.end(), std::uint8_t{'\n'});
    if (end != buffer_.end()) {
      Bytes line(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), end);
      begin_ = seen_ = static_cast<std::size_t>(end - buffer_.begin()) + 1;
      co_return std::move(line);
    }
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
    seen_ = buffer_.size();
    if (buffer_.size() > kMaxLineBytes) {
      throw Error(ErrorCode::limit, "a line has more than 1 MiB", "standard input");
    }
    const std::optional<Bytes> piece = co_await next_piece();
    if (piece) {
      append(buffer_, *piece);
    } else if (buffer_.empty()) {
      co_return std::nullopt;
    } else {
      seen_ = 0;
      co_return std::exchange(buffer_, {});
    }
  }
}

Task<Bytes> StandardLines::rest() {
  Bytes out = std::exchange(buffer_, {});
  while (true) {
    const std::optional<Bytes> piece = co_await next_piece();
    if (!piece) co_return std::move(out);
    append(out, *piece);
    if (out.size() > kMaxLineBytes) {
      throw Error(ErrorCode::limit, "a message has at most 1 MiB", "standard input");
    }
  }
}

}  // namespace shoal::cli
