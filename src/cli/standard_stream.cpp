#include "cli/standard_stream.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "base/error.h"
#include "system/offload.h"

namespace shoal::cli {

namespace {

/// A job that waits ends after so long, so that an abort is noticed.
constexpr int kStreamPollMs = 100;
/// What a pipe takes whole once it is writable, so that the write does not block.
constexpr std::size_t kWriteBytes = PIPE_BUF;

bool is_ready(int descriptor, short events, int timeout_ms) {
  pollfd ready{.fd = descriptor, .events = events, .revents = 0};
  return ::poll(&ready, 1, timeout_ms) > 0;
}

[[noreturn]] void fail(const char* what) {
  throw Error(ErrorCode::closed, std::string(what) + ": " + std::strerror(errno));
}

/// None while there is nothing; 0 at the end.
std::optional<std::size_t> read_now(MutableBytes into) {
  if (!is_ready(STDIN_FILENO, POLLIN, kStreamPollMs)) return std::nullopt;
  const ssize_t got = ::read(STDIN_FILENO, into.data(), into.size());
  if (got >= 0) return static_cast<std::size_t>(got);
  if (errno == EINTR || errno == EAGAIN) return std::nullopt;
  fail("cannot read standard input");
}

/// As much as goes without blocking; waits a moment for the first bytes.
std::size_t write_now(ByteView bytes) {
  std::size_t done = 0;
  while (done < bytes.size() && is_ready(STDOUT_FILENO, POLLOUT, done == 0 ? kStreamPollMs : 0)) {
    const std::size_t count = std::min(kWriteBytes, bytes.size() - done);
    const ssize_t put = ::write(STDOUT_FILENO, bytes.data() + done, count);
    if (put < 0 && errno != EINTR && errno != EAGAIN) fail("cannot write to standard output");
    if (put > 0) done += static_cast<std::size_t>(put);
  }
  return done;
}

class StandardStream final : public Stream {
 public:
  explicit StandardStream(System& system) : system_(system) {}

  Task<std::size_t> read_some(MutableBytes into) override {
    while (true) {
      check();
      const auto job = [into] { return read_now(into); };
      const std::optional<std::size_t> got = co_await offload(system_.offload, job);
      if (got) co_return *got;
    }
  }

  Task<void> write(std::span<const ByteView> pieces) override {
    for (ByteView piece : pieces) {
      while (!piece.empty()) {
        check();
        const auto job = [piece] { return write_now(piece); };
        const std::size_t done = co_await offload(system_.offload, job);
        piece = piece.subspan(done);
      }
    }
  }

  Task<void> close_write() override {
    ::close(STDOUT_FILENO);
    co_return;
  }

  void abort() noexcept override { aborted_ = true; }

 private:
  void check() const {
    if (aborted_) throw Error(ErrorCode::closed, "the stream was aborted");
  }

  System& system_;
  bool aborted_ = false;
};

}  // namespace

std::unique_ptr<Stream> make_standard_stream(System& system) {
  return std::make_unique<StandardStream>(system);
}

}  // namespace shoal::cli
