#include <algorithm>
#include <bit>
#include <limits>
#include <string>

#include "net/muxer/yamux/session.h"

// What the peer says, frame by frame. Where the spec leaves room, this accepts what go-yamux and
// rust-yamux send, and where they differ the laxer of the two unless it costs memory.

namespace shoal::yamux {

std::optional<Event> Session::receive(ByteView& input, Time now) {
  if (over_) throw Error(ErrorCode::closed, "the yamux session is over");
  if (!input.empty()) keepalive_.on_received(now);
  for (;;) {
    if (pending_ != 0) {
      if (auto event = next_pending()) return event;
    } else if (payload_left_ > 0) {
      if (input.empty()) return std::nullopt;
      if (auto event = next_piece(input)) return event;
    } else if (live_frame_) {
      if (auto event = end_of_frame()) return event;
    } else {
      if (!read_header(input)) return std::nullopt;
      on_frame(now);
    }
  }
}

std::optional<Event> Session::next_pending() {
  const auto kind = static_cast<Event::Kind>(std::countr_zero(pending_));
  pending_ = static_cast<std::uint8_t>(pending_ & (pending_ - 1));
  const bool about_live_stream = kind < Event::Kind::reset;
  if (about_live_stream && !find(frame_.stream)) return std::nullopt;  // reset since by its user
  const bool has_code = kind == Event::Kind::going_away ||
                        (kind == Event::Kind::reset && frame_.type == FrameType::window_update);
  return Event{.kind = kind, .stream = frame_.stream, .code = has_code ? frame_.length : 0};
}

std::optional<Event> Session::next_piece(ByteView& input) {
  const std::size_t bytes = std::min<std::size_t>(payload_left_, input.size());
  const ByteView piece = input.first(bytes);
  input = input.subspan(bytes);
  payload_left_ -= static_cast<std::uint32_t>(bytes);
  const StreamState* stream = live_frame_ ? find(frame_.stream) : nullptr;
  if (!stream || !stream->receiving()) return std::nullopt;
  return Event{.kind = Event::Kind::data, .stream = frame_.stream, .data = piece};
}

std::optional<Event> Session::end_of_frame() {
  live_frame_ = false;
  if (!frame_.has(kFin)) return std::nullopt;
  StreamState* stream = find(frame_.stream);
  if (!stream || stream->peer_finished) return std::nullopt;
  const bool heard = !stream->reading_stopped;
  stream->peer_finished = true;
  settle(frame_.stream, *stream);
  if (!heard) return std::nullopt;
  return Event{.kind = Event::Kind::finished, .stream = frame_.stream};
}

bool Session::read_header(ByteView& input) {
  const std::size_t bytes = std::min(kHeaderBytes - header_bytes_, input.size());
  std::copy_n(input.begin(), bytes, header_.begin() + header_bytes_);
  input = input.subspan(bytes);
  header_bytes_ = static_cast<std::uint8_t>(header_bytes_ + bytes);
  if (header_bytes_ < kHeaderBytes) return false;
  header_bytes_ = 0;
  return true;
}

void Session::on_frame(Time now) {
  if (control_.size() > kMaxControlBytes) {
    fail(ErrorCode::limit, "the peer sends on without reading what it is answered");
  }
  try {
    frame_ = decode(header_);
  } catch (const Error& error) {
    fail(error.code(), error.message());
  }
  const bool has_payload = frame_.type == FrameType::data;
  budget_.take_frame(has_payload ? frame_.length : 0);
  switch (frame_.type) {
    case FrameType::data:
    case FrameType::window_update:
      return on_stream_frame(now);
    case FrameType::ping:
      return on_ping(now);
    case FrameType::go_away:
      return on_go_away();
  }
}

void Session::on_stream_frame(Time now) {
  if (frame_.stream == 0) fail(ErrorCode::malformed, "a stream frame names no stream");
  if (frame_.has(kSyn) && !on_syn(now)) return;
  StreamState* stream = find(frame_.stream);
  if (!stream) return on_unknown_stream();
  if (stream->opening == StreamState::Opening::syn_owed) {
    fail(ErrorCode::malformed, "a frame for a stream that was not opened yet");
  }
  if (frame_.has(kRst)) return on_reset(*stream);
  if (stream->opening == StreamState::Opening::syn_sent) {
    // Both the bare ACK of go-yamux and the first data of an answer say that the stream was taken.
    stream->opening = StreamState::Opening::established;
    --unacknowledged_;
    raise(Event::Kind::acknowledged);
  }
  live_frame_ = true;
  if (frame_.type == FrameType::data) {
    on_data(*stream);
  } else {
    on_credit(*stream);
  }
}

/// True when the frame goes on to be handled as one of a live stream.
bool Session::on_syn(Time now) {
  if (ours(frame_.stream))
    fail(ErrorCode::malformed, "the peer opened a stream with an id of ours");
  if (find(frame_.stream)) fail(ErrorCode::malformed, "the peer opened a stream twice");
  check_first_frame();
  budget_.take_open();
  // go-yamux may send SYNs out of order, so a lower id is a new stream as well.
  highest_inbound_ = std::max(highest_inbound_, frame_.stream);
  if (frame_.type == FrameType::data) payload_left_ = frame_.length;
  if (frame_.has(kRst)) return false;
  if (going_away_ || inbound_ >= config_.max_inbound_streams ||
      unaccepted_ >= config_.accept_backlog) {
    queue({FrameType::window_update, kRst, frame_.stream, 0});
    return false;
  }
  streams_.try_emplace(frame_.stream, StreamState::Opening::ack_owed, kInitialWindow, now);
  ++inbound_;
  ++unaccepted_;
  raise(Event::Kind::opened);
  return true;
}

/// Before any state is made for the stream: on_data() and on_credit() would find the same, too
/// late.
void Session::check_first_frame() {
  constexpr std::uint32_t kMaxFirstCredit =
      std::numeric_limits<std::uint32_t>::max() - kInitialWindow;
  if (frame_.type == FrameType::data && frame_.length > kInitialWindow) {
    fail(ErrorCode::malformed, "the first frame of a stream exceeds the initial window");
  }
  if (frame_.type == FrameType::window_update && !frame_.has(kRst) &&
      frame_.length > kMaxFirstCredit) {
    fail(ErrorCode::malformed, "the credit of a stream exceeds 32 bits");
  }
}

/// Frames of streams that ended here cross our RST or FIN on the way, and are let pass. rust-yamux
/// also sends FIN or RST for streams that it opened and dropped before their first frame.
void Session::on_unknown_stream() {
  const bool was_open =
      ours(frame_.stream) ? frame_.stream < next_id_ : frame_.stream <= highest_inbound_;
  const bool has_code = frame_.has(kRst) && frame_.type == FrameType::window_update;
  const bool says_farewell = frame_.has(kRst | kFin) && (frame_.length == 0 || has_code);
  if (!was_open && !says_farewell) {
    fail(ErrorCode::malformed, "a frame for a stream that was never opened");
  }
  if (frame_.type != FrameType::data) return;
  if (frame_.length > config_.max_stream_window) {
    fail(ErrorCode::malformed, "a frame exceeds every window");
  }
  payload_left_ = frame_.length;
}

void Session::on_reset(StreamState& stream) {
  if (frame_.type == FrameType::data) {
    if (frame_.length > stream.window.available()) {
      fail(ErrorCode::malformed, "a frame exceeds the receive window");
    }
    payload_left_ = frame_.length;
  }
  if (!stream.lingering()) raise(Event::Kind::reset);
  forget(frame_.stream);
}

void Session::on_data(StreamState& stream) {
  payload_left_ = frame_.length;
  if (!stream.window.take(frame_.length)) {
    fail(ErrorCode::malformed, "a frame exceeds the receive window");
  }
  unread_ += frame_.length;
  if (!stream.receiving()) {
    // After its own FIN (go-yamux, when a write races with a close) or after our stop_reading().
    unread_ -= stream.window.consume(frame_.length);
    if (stream.lingering() && frame_.length > 0) drop(frame_.stream, 0);
    return;
  }
  if (unread_ <= config_.receive_budget) return;
  const bool unheard_of = (pending_ & 1U) != 0;
  pending_ = 0;
  if (!unheard_of) raise(Event::Kind::dropped);
  drop(frame_.stream, 0);
}

void Session::on_credit(StreamState& stream) {
  if (frame_.length > std::numeric_limits<std::uint32_t>::max() - stream.send_credit) {
    fail(ErrorCode::malformed, "the credit of a stream exceeds 32 bits");
  }
  if (stream.send_credit == 0 && frame_.length > 0 && !stream.finished) {
    raise(Event::Kind::writable);
  }
  stream.send_credit += frame_.length;
}

void Session::on_ping(Time now) {
  if (frame_.stream != 0) fail(ErrorCode::malformed, "a ping names a stream");
  if (frame_.flags == kAck) return keepalive_.on_pong(frame_.length, now);
  if (frame_.flags != kSyn) fail(ErrorCode::malformed, "a ping is neither question nor answer");
  if (pongs_ >= kMaxPongs) return;
  ++pongs_;
  queue({FrameType::ping, kAck, 0, frame_.length});
}

void Session::on_go_away() {
  if (frame_.stream != 0) fail(ErrorCode::malformed, "a go away names a stream");
  peer_going_away_ = true;
  raise(Event::Kind::going_away);
}

void Session::fail(ErrorCode code, std::string_view what) {
  over_ = true;
  go_away(GoAwayCode::protocol_error);
  throw Error(code, "yamux: " + std::string(what));
}

}  // namespace shoal::yamux
