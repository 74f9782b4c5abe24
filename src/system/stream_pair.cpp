#include "system/stream_pair.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "system/event.h"

namespace shoal {

namespace {

/// One direction.
struct Way {
  Bytes unread;
  std::size_t read = 0;  // of `unread`, from its front
  bool ended = false;

  std::size_t size() const { return unread.size() - read; }
};

struct Shared {
  explicit Shared(Waits& waits) : changed(waits) {}
  std::array<Way, 2> ways;
  bool broken = false;
  Event changed;
};

class End final : public Stream {
 public:
  End(std::shared_ptr<Shared> shared, int side)
      : shared_(std::move(shared)),
        in_(shared_->ways[static_cast<std::size_t>(1 - side)]),
        out_(shared_->ways[static_cast<std::size_t>(side)]) {}
  ~End() override { abort(); }

  Task<std::size_t> read_some(MutableBytes into) override {
    const std::shared_ptr<Shared> held = shared_;
    co_await wait_for_input();
    if (in_.size() == 0) {
      read_ended_ = true;
      co_return 0;
    }
    const std::size_t count = std::min(into.size(), in_.size());
    std::copy_n(in_.unread.begin() + static_cast<std::ptrdiff_t>(in_.read), count, into.begin());
    in_.read += count;
    if (in_.size() == 0) {
      in_.unread.clear();
      in_.read = 0;
    }
    held->changed.notify_all();
    co_return count;
  }

  Task<void> wait_readable() override { return wait_for_input(); }

  Task<void> write(std::span<const ByteView> pieces) override {
    const std::shared_ptr<Shared> held = shared_;
    for (ByteView piece : pieces) {
      while (!piece.empty()) {
        check();
        const std::size_t room = kPairBytes - std::min(kPairBytes, out_.unread.size());
        if (room == 0) {
          co_await held->changed.wait();
          continue;
        }
        const std::size_t count = std::min(room, piece.size());
        append(out_.unread, piece.first(count));
        piece = piece.subspan(count);
        held->changed.notify_all();
      }
    }
  }

  Task<void> close_write() override {
    check();
    out_.ended = true;
    shared_->changed.notify_all();
    co_return;
  }

  void abort() noexcept override {
    if (std::exchange(aborted_, true)) return;
    // With both halves ended there is nothing to break; what was written is still read there.
    if (!(out_.ended && read_ended_)) shared_->broken = true;
    shared_->changed.notify_all();
  }

 private:
  void check() const {
    if (aborted_ || shared_->broken) throw Error(ErrorCode::closed, "the stream was reset");
  }

  Task<void> wait_for_input() {
    const std::shared_ptr<Shared> held = shared_;
    while (true) {
      check();
      if (in_.size() > 0 || in_.ended) co_return;
      co_await held->changed.wait();
    }
  }

  const std::shared_ptr<Shared> shared_;
  Way& in_;
  Way& out_;
  bool read_ended_ = false;
  bool aborted_ = false;
};

}  // namespace

std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_stream_pair(Waits& waits) {
  auto shared = std::make_shared<Shared>(waits);
  return {std::make_unique<End>(shared, 0), std::make_unique<End>(shared, 1)};
}

}  // namespace shoal
