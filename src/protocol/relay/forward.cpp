#include "protocol/relay/forward.h"

#include <chrono>
#include <exception>
#include <optional>

#include "base/error.h"
#include "system/task_group.h"
#include "system/timeout.h"

namespace shoal::relay {

namespace {

/// Both directions of one circuit.
class Forwarding {
 public:
  Forwarding(System& system, Stream& one, Stream& other, Limit limit, std::uint64_t& bytes,
             net::FairQueue* line)
      : one_(one),
        other_(other),
        limit_(limit),
        bytes_(bytes),
        line_(line),
        tasks_(system.waits, "circuit") {
    if (line_ != nullptr) {
      there_.emplace(*line_);
      back_.emplace(*line_);
    }
    tasks_.spawn(run(one_, other_, there_));
    tasks_.spawn(run(other_, one_, back_));
  }

  Task<void> join() { return tasks_.join(); }
  Task<void> stop() { return tasks_.stop(); }
  const std::exception_ptr& failure() const { return failure_; }

 private:
  using Share = std::optional<net::FairQueue::Member>;

  Task<void> run(Stream& from, Stream& to, Share& share) {
    try {
      co_await copy(from, to, share);
    } catch (const Error&) {
      // Whoever fails first names the reason; the other direction breaks with it.
      if (!failure_) failure_ = std::current_exception();
      one_.abort();
      other_.abort();
    }
  }

  Task<void> copy(Stream& from, Stream& to, Share& share) {
    std::uint64_t passed = 0;
    while (true) {
      co_await from.wait_readable();
      const std::size_t got = co_await pass(from, to, share, passed);
      if (got == 0) break;
      passed += got;
      bytes_ += got;
    }
    co_await to.close_write();
  }

  /// The buffer lives only while there is something to pass.
  Task<std::size_t> pass(Stream& from, Stream& to, Share& share, std::uint64_t passed) {
    Bytes buffer(kForwardBufferBytes);
    const std::size_t got = co_await from.read_some(buffer);
    if (got == 0) co_return 0;
    if (limit_.bytes != 0 && got > limit_.bytes - passed) {
      throw Error(ErrorCode::limit, "more than this relay lets through a circuit");
    }
    if (share) {
      co_await line_->acquire(*share, static_cast<double>(got), [] { return true; });
    }
    co_await write_all(to, ByteView(buffer).first(got));
    co_return got;
  }

  Stream& one_;
  Stream& other_;
  const Limit limit_;
  std::uint64_t& bytes_;
  net::FairQueue* const line_;
  Share there_;
  Share back_;
  std::exception_ptr failure_;
  TaskGroup tasks_;
};

Task<void> join_within(System& system, Forwarding& forwarding, Limit limit) {
  if (limit.seconds == 0) {
    co_await forwarding.join();
  } else {
    co_await within(system.clock, std::chrono::seconds(limit.seconds), forwarding.join(),
                    "a circuit");
  }
}

}  // namespace

Task<void> forward(System& system, Stream& one, Stream& other, Limit limit, std::uint64_t& bytes,
                   net::FairQueue* line) {
  Forwarding forwarding(system, one, other, limit, bytes, line);
  std::exception_ptr ended;
  try {
    co_await join_within(system, forwarding, limit);
  } catch (...) {
    ended = std::current_exception();
  }
  if (ended) {
    one.abort();
    other.abort();
  }
  co_await forwarding.stop();
  if (ended) std::rethrow_exception(ended);
  if (forwarding.failure()) std::rethrow_exception(forwarding.failure());
}

}  // namespace shoal::relay
