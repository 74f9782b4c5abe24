#include "net/muxer/yamux/session.h"

#include <algorithm>
#include <limits>

namespace shoal::yamux {
namespace {

/// A control buffer that once had to grow is given back, so that an idle session stays small.
constexpr std::size_t kKeptControlBytes = 1024;

}  // namespace

Session::Session(Role role, const SessionConfig& config, Time now)
    : config_(config),
      keepalive_(config.ping_interval, config.ping_timeout, now),
      budget_(now),
      next_id_(role == Role::client ? 1 : 2),
      role_(role) {
  config_.max_stream_window = std::max(config_.max_stream_window, kInitialWindow);
}

StreamId Session::open(Time now) {
  if (over_ || going_away()) throw Error(ErrorCode::closed, "the connection is going away");
  if (next_id_ > std::numeric_limits<StreamId>::max()) {
    throw Error(ErrorCode::limit, "the connection has used up its stream ids");
  }
  if (open_backlog_full()) {
    throw Error(ErrorCode::limit, "too many streams wait for the peer to acknowledge them");
  }
  const auto id = static_cast<StreamId>(next_id_);
  next_id_ += 2;
  streams_.try_emplace(id, StreamState::Opening::syn_owed, kInitialWindow, now);
  ++unacknowledged_;
  return id;
}

void Session::accept(StreamId id) {
  StreamState* stream = find(id);
  if (!stream || stream->accepted) return;
  stream->accepted = true;
  --unaccepted_;
}

void Session::announce(StreamId id) {
  StreamState* stream = find(id);
  if (!stream) return;
  const std::uint16_t flag = stream->take_owed_flag();
  if (flag != 0) queue({FrameType::window_update, flag, id, 0});
}

std::size_t Session::sendable(StreamId id) const {
  const StreamState* stream = find(id);
  if (!stream || stream->finished || over_) return 0;
  return std::min<std::size_t>(stream->send_credit, kMaxPayload);
}

void Session::begin_data(StreamId id, std::size_t bytes, Bytes& out, Time now) {
  SHOAL_CHECK(bytes > 0 && bytes <= sendable(id));
  const auto length = static_cast<std::uint32_t>(bytes);
  StreamState& stream = *find(id);
  stream.send_credit -= length;
  budget_.sent(bytes);
  leave(out, now);
  append(out, encode({FrameType::data, stream.take_owed_flag(), id, length}));
}

void Session::consumed(StreamId id, std::size_t bytes, Time now) {
  StreamState* stream = find(id);
  if (!stream) return;
  unread_ -= stream->window.consume(bytes);
  if (stream->receiving()) grant_credit(id, *stream, now);
  settle(id, *stream);
}

void Session::grant_credit(StreamId id, StreamState& stream, Time now) {
  const std::uint64_t growth_limit = config_.receive_budget / 2;
  std::uint64_t allowance = growth_limit > grown_ ? growth_limit - grown_ : 0;
  if (config_.growth_allowance)
    allowance = std::min<std::uint64_t>(allowance, config_.growth_allowance());
  grown_ -= stream.window.grown();
  const std::uint32_t credit =
      stream.window.grant(now, keepalive_.rtt(), config_.max_stream_window, allowance);
  grown_ += stream.window.grown();
  const std::uint16_t flag = stream.take_owed_flag();
  if (credit > 0 || flag != 0) queue({FrameType::window_update, flag, id, credit});
}

void Session::finish(StreamId id) {
  StreamState* stream = find(id);
  if (!stream || stream->finished) return;
  stream->finished = true;
  const auto flags = static_cast<std::uint16_t>(stream->take_owed_flag() | kFin);
  queue({FrameType::data, flags, id, 0});
  settle(id, *stream);
}

void Session::stop_reading(StreamId id) {
  StreamState* stream = find(id);
  if (!stream) return;
  stream->reading_stopped = true;
  unread_ -= stream->window.discard();
  settle(id, *stream);
}

void Session::reset(StreamId id, std::uint32_t code) {
  if (find(id)) drop(id, code);
}

void Session::go_away(GoAwayCode code) {
  going_away_ = true;
  queue({FrameType::go_away, 0, 0, static_cast<std::uint32_t>(code)});
}

void Session::take_control(Bytes& out, Time now) {
  leave(out, now);
}

void Session::on_time(Time now) {
  if (over_) return;
  try {
    const auto ping = keepalive_.on_time(now);
    if (ping) queue({FrameType::ping, kSyn, 0, *ping});
  } catch (const Error&) {
    over_ = true;
    throw;
  }
}

SessionCounts Session::counts() const {
  return {.streams = streams_.size(),
          .inbound = inbound_,
          .unaccepted = unaccepted_,
          .unacknowledged = unacknowledged_,
          .lingering = lingering_,
          .control_bytes = control_.size(),
          .unread_bytes = unread_,
          .grown_bytes = grown_};
}

StreamState* Session::find(StreamId id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

const StreamState* Session::find(StreamId id) const {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

void Session::queue(const FrameHeader& frame) {
  append(control_, encode(frame));
}

void Session::leave(Bytes& out, Time now) {
  if (control_.empty()) return;
  append(out, control_);
  if (control_.capacity() > kKeptControlBytes) Bytes().swap(control_);
  control_.clear();
  pongs_ = 0;
  keepalive_.on_sent(now);
}

void Session::drop(StreamId id, std::uint32_t code) {
  // A stream whose SYN never left does not exist for the peer.
  if (find(id)->opening != StreamState::Opening::syn_owed) {
    queue({FrameType::window_update, kRst, id, code});
  }
  forget(id);
}

/// After a change of state: the stream may be gone, or begin or cease to linger.
void Session::settle(StreamId id, StreamState& stream) {
  if (stream.gone()) return forget(id);
  if (stream.lingering() == stream.counted_lingering) return;
  if (!stream.lingering() || lingering_ < kMaxLingering) return count_lingering(stream);
  drop(id, 0);
}

void Session::count_lingering(StreamState& stream) {
  stream.counted_lingering = stream.lingering();
  lingering_ = stream.counted_lingering ? lingering_ + 1 : lingering_ - 1;
}

void Session::forget(StreamId id) {
  const auto found = streams_.find(id);
  const StreamState& stream = found->second;
  unread_ -= stream.window.unread();
  grown_ -= stream.window.grown();
  if (stream.counted_lingering) --lingering_;
  if (stream.unacknowledged()) --unacknowledged_;
  if (!stream.accepted) --unaccepted_;
  if (!ours(id)) --inbound_;
  streams_.erase(found);
}

}  // namespace shoal::yamux
