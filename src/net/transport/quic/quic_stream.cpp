#include "net/transport/quic/quic_stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "net/transport/quic/quic_muxer.h"

namespace shoal::quic {

namespace {

/// Lends a buffer to the stream for as long as its reader waits, however the wait ends.
class LentBuffer {
 public:
  LentBuffer(MutableBytes& slot, MutableBytes buffer) : slot_(slot) { slot_ = buffer; }
  ~LentBuffer() { slot_ = {}; }
  LentBuffer(const LentBuffer&) = delete;
  LentBuffer& operator=(const LentBuffer&) = delete;

 private:
  MutableBytes& slot_;
};

}  // namespace

QuicStream::QuicStream(QuicMuxer& muxer, StreamState& state)
    : muxer_(muxer), state_(state), readable_(muxer.system_.waits), writable_(muxer.system_.waits) {
  state_.handle = this;
}

QuicStream::~QuicStream() {
  muxer_.release(state_);
}

Task<std::size_t> QuicStream::read_some(MutableBytes into) {
  while (true) {
    const std::size_t queued = take_queued(into);
    if (queued > 0) co_return queued;
    // What was complete before the stream failed stays so.
    if (read_finished_) co_return 0;
    if (!read_failure_.empty()) throw Error(ErrorCode::closed, read_failure_);
    muxer_.make_known(state_);
    count_filled();  // of a reader that was cancelled
    {
      const LentBuffer lent(wanted_, into);
      co_await readable_.wait();
    }
    const std::size_t filled = count_filled();
    if (filled > 0) co_return filled;
  }
}

/// The peer may send as much again: said once for all packets that came while the reader waited.
std::size_t QuicStream::count_filled() {
  if (filled_ > 0) muxer_.consumed(state_, filled_);
  return std::exchange(filled_, 0);
}

std::size_t QuicStream::take_queued(MutableBytes into) {
  const std::size_t count = queue_.take(into);
  if (count > 0) muxer_.consumed(state_, count);
  return count;
}

void QuicStream::deliver(ByteView data, bool end) {
  const std::size_t direct = queue_.empty() ? std::min(wanted_.size(), data.size()) : 0;
  if (direct > 0) {
    std::memcpy(wanted_.data(), data.data(), direct);
    wanted_ = wanted_.subspan(direct);
    filled_ += direct;
  }
  if (direct < data.size()) queue_.put(data.subspan(direct));
  if (end) read_finished_ = true;
  readable_.notify_all();
}

void QuicStream::fail_reading(const std::string& reason) {
  if (!read_failure_.empty()) return;
  read_failure_ = reason;
  readable_.notify_all();
}

void QuicStream::fail_writing(const std::string& reason) {
  if (!write_failure_.empty()) return;
  write_failure_ = reason;
  writable_.notify_all();
}

Task<void> QuicStream::write(std::span<const ByteView> pieces) {
  net::PiecesLeft left(pieces);
  while (left.bytes() > 0) {
    if (!write_failure_.empty()) throw Error(ErrorCode::closed, write_failure_);
    if (state_.finish) throw Error(ErrorCode::closed, "written after the end of the stream");
    const std::size_t before = left.bytes();
    muxer_.put(state_, left);
    const std::size_t taken = before - left.bytes();
    if (taken > 0) {
      co_await muxer_.bandwidth().up.take(taken);
    } else {
      co_await writable_.wait();
    }
  }
}

Task<void> QuicStream::close_write() {
  if (!state_.finish && write_failure_.empty()) muxer_.finish(state_);
  state_.finish = true;
  co_return;
}

void QuicStream::abort() noexcept {
  muxer_.reset_by_us(state_);
  fail_reading("the stream was aborted");
  fail_writing("the stream was aborted");
  muxer_.consumed(state_, queue_.size());
  queue_ = {};
  read_finished_ = false;
}

}  // namespace shoal::quic
