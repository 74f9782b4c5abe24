#include "net/muxer/yamux/yamux_stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "net/muxer/yamux/yamux_muxer.h"

namespace shoal::yamux {

namespace {

/// Lends a buffer to the muxer for as long as its reader waits, however the wait ends.
class Lent {
 public:
  Lent(MutableBytes& slot, MutableBytes buffer) : slot_(slot) { slot_ = buffer; }
  ~Lent() { slot_ = {}; }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;

 private:
  MutableBytes& slot_;
};

}  // namespace

YamuxStream::YamuxStream(YamuxMuxer& muxer, StreamId id)
    : muxer_(muxer), id_(id), readable_(muxer.system_.waits), writable_(muxer.system_.waits) {}

YamuxStream::~YamuxStream() {
  drop_kept();
  muxer_.release(*this);
}

Task<std::size_t> YamuxStream::read_some(MutableBytes into) {
  if (!announced_) {
    // The other side must know of the stream to say something on it.
    announced_ = true;
    if (!failed_) muxer_.announce(id_);
  }
  while (true) {
    const std::size_t queued = take_queued(into);
    if (queued > 0) co_return queued;
    // What was complete before the stream failed stays so.
    if (read_finished_) co_return 0;
    if (failed_) throw_failure();
    filled_ = 0;
    {
      const Lent lent(wanted_, into);
      co_await readable_.wait();
    }
    const std::size_t filled = std::exchange(filled_, 0);
    if (filled > 0) co_return filled;
  }
}

std::size_t YamuxStream::take_queued(MutableBytes into) {
  const std::size_t count = queue_.take(into);
  if (failed_) {
    muxer_.let_go(count);
  } else if (count > 0) {
    muxer_.consumed(id_, count);
  }
  return count;
}

void YamuxStream::drop_kept() {
  if (failed_) muxer_.let_go(queue_.size());
  queue_ = {};
}

void YamuxStream::deliver(ByteView data) {
  const std::size_t direct = queue_.empty() ? std::min(wanted_.size(), data.size()) : 0;
  if (direct > 0) {
    std::memcpy(wanted_.data(), data.data(), direct);
    wanted_ = wanted_.subspan(direct);
    filled_ += direct;
    muxer_.consumed(id_, direct);
  }
  if (direct < data.size()) queue_.put(data.subspan(direct));
  readable_.notify_all();
}

void YamuxStream::finish_reading() {
  read_finished_ = true;
  readable_.notify_all();
}

void YamuxStream::fail(const std::string& reason) {
  if (failed_) return;
  failed_ = true;
  reason_ = reason;
  if (!muxer_.keep(queue_.size())) {
    queue_ = {};
    read_finished_ = false;
  }
  readable_.notify_all();
  writable_.notify_all();
}

void YamuxStream::throw_failure() const {
  throw Error(ErrorCode::closed, reason_);
}

Task<void> YamuxStream::write(std::span<const ByteView> pieces) {
  announced_ = true;
  net::PiecesLeft left(pieces);
  while (left.bytes() > 0) {
    if (failed_) throw_failure();
    if (write_finished_) throw Error(ErrorCode::closed, "written after the end of the stream");
    if (muxer_.sendable(id_) == 0) {
      co_await writable_.wait();
      continue;
    }
    co_await muxer_.write_frames(*this, left);
  }
}

Task<void> YamuxStream::close_write() {
  if (!write_finished_ && !failed_) muxer_.finish(id_);
  write_finished_ = true;
  co_return;
}

void YamuxStream::abort() noexcept {
  if (!failed_) muxer_.reset(*this);
  fail("the stream was aborted");
  drop_kept();
  read_finished_ = false;
}

}  // namespace shoal::yamux
