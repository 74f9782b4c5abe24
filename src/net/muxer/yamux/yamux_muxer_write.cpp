#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "net/muxer/yamux/yamux_muxer.h"

// How frames leave: in turns of the streams, each in one gathered write.

namespace shoal::yamux {

namespace {

// A turn is lengthened when it took less, shortened when it took more.
constexpr Duration kShortTurn = 20ms;
constexpr Duration kLongTurn = 50ms;
// Short ones in a row before turns become longer: a buffer below may have taken a few.
constexpr std::size_t kQuickTurns = 8;
// A writer who was cancelled waits so long for its frames to leave before the connection ends.
constexpr Duration kCancelledWriteGrace = 5s;

}  // namespace

Task<void> YamuxMuxer::write_control() {
  while (!closed_ && session_.has_control()) {
    co_await writes_.take();
    const Bytes out = take_control();
    const std::array<ByteView, 1> pieces = {out};
    if (!co_await write_under(pieces)) close();
    writes_.pass();
  }
  writing_control_ = false;
}

Bytes YamuxMuxer::take_control() {
  Bytes out;
  session_.take_control(out, now());
  return out;
}

Task<void> YamuxMuxer::flush_control() {
  co_await writes_.take();
  const Bytes out = take_control();
  const std::array<ByteView, 1> pieces = {out};
  co_await write_whole(pieces);
  writes_.pass();
}

Task<void> YamuxMuxer::write_frames(const YamuxStream& stream, net::PiecesLeft& left) {
  co_await writes_.take();
  std::vector<Bytes> headers(frames_per_turn_);
  std::vector<ByteView> gathered;
  for (Bytes& header : headers) {
    const std::size_t count = stream.failed() ? 0 : std::min(sendable(stream.id()), left.bytes());
    if (count == 0) break;
    session_.begin_data(stream.id(), count, header, now());
    earned_ = std::min(kMaxEarned, earned_ + count / kSentForOne);
    gathered.push_back(header);
    left.take(count, gathered);
  }
  if (!gathered.empty()) {
    const TimePoint began = system_.clock.now();
    co_await write_whole(gathered);
    size_turn(!headers.back().empty(), system_.clock.now() - began);
  }
  writes_.pass();
}

void YamuxMuxer::size_turn(bool full, Duration took) {
  quick_turns_ = full && took < kShortTurn ? quick_turns_ + 1 : 0;
  if (took > kLongTurn) {
    frames_per_turn_ = std::max(frames_per_turn_ / 2, kFewestFramesPerTurn);
  } else if (quick_turns_ >= kQuickTurns) {
    quick_turns_ = 0;
    frames_per_turn_ = std::min(frames_per_turn_ * 2, kMostFramesPerTurn);
  }
}

struct YamuxMuxer::Writing {
  std::span<const ByteView> pieces;
  shoal::Event ended;
  bool done = false;
  bool failed = false;
};

Task<void> YamuxMuxer::write_whole(std::span<const ByteView> pieces) {
  Writing writing{.pieces = pieces, .ended = shoal::Event(system_.waits)};
  tasks_.spawn(run_writing(writing));
  try {
    while (!writing.done) co_await writing.ended.wait();
  } catch (const boost::system::system_error&) {
    // Cancelled: the pieces are lent, so they must stay until they have left.
  }
  if (!writing.done) {
    TaskGroup alarm(system_.waits, "yamux");
    alarm.spawn(close_after(kCancelledWriteGrace));
    while (!writing.done) co_await writing.ended.wait_uncancellable();
    co_await alarm.stop();
  }
  if (!writing.failed) co_return;
  close();
  throw Error(ErrorCode::closed, "the connection has ended");
}

Task<void> YamuxMuxer::run_writing(Writing& writing) {
  writing.failed = !co_await write_under(writing.pieces);
  writing.done = true;
  writing.ended.notify_all();
}

Task<bool> YamuxMuxer::write_under(std::span<const ByteView> pieces) {
  try {
    co_await under_->write(pieces);
    co_return true;
  } catch (const std::exception& error) {
    log_debug("yamux: {}", error.what());
  }
  co_return false;
}

Task<void> YamuxMuxer::close_after(Duration grace) {
  co_await system_.clock.sleep_for(grace);
  close();
}

}  // namespace shoal::yamux
