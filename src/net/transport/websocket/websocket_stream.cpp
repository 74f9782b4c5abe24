#include "net/transport/websocket/websocket_stream.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/error.h"

namespace shoal::net::websocket {

/// One frame is written at a time: answers to pings come between those of the user.
class WebSocketStream::Turn {
 public:
  static Task<Turn> take(WebSocketStream& stream) {
    while (stream.writing_) co_await stream.written_.wait();
    co_return Turn(stream);
  }
  Turn(Turn&& other) noexcept : stream_(std::exchange(other.stream_, nullptr)) {}
  Turn& operator=(Turn&&) = delete;
  ~Turn() {
    if (stream_ == nullptr) return;
    stream_->writing_ = false;
    stream_->written_.notify_one();
  }

 private:
  explicit Turn(WebSocketStream& stream) : stream_(&stream) { stream.writing_ = true; }
  WebSocketStream* stream_;
};

WebSocketStream::WebSocketStream(Waits& waits, std::unique_ptr<Stream> under, Direction direction,
                                 std::uint32_t mask)
    : under_(std::move(under)), direction_(direction), next_mask_(mask), written_(waits) {}

Task<std::size_t> WebSocketStream::read_some(MutableBytes into) {
  while (!ended_ && read_bytes_ == reading_.length) {
    const FrameHeader header = co_await read_header();
    const bool brings_something = !header.is_control() && header.length > 0;
    empty_frames_ = brings_something ? 0 : empty_frames_ + 1;
    if (empty_frames_ > kMaxEmptyFrames)
      throw Error(ErrorCode::limit, "too many WebSocket frames that bring nothing");
    if (header.is_control()) {
      co_await take_control(header);
    } else {
      reading_ = header;
      read_bytes_ = 0;
    }
  }
  if (ended_) co_return 0;
  const auto left = std::min<std::uint64_t>(reading_.length - read_bytes_, into.size());
  const MutableBytes part = into.first(static_cast<std::size_t>(left));
  const std::size_t got = co_await under_->read_some(part);
  if (got == 0) throw Error(ErrorCode::closed, "a WebSocket frame was cut short");
  if (reading_.mask) apply_mask(part.first(got), *reading_.mask, read_bytes_);
  read_bytes_ += got;
  co_return got;
}

Task<void> WebSocketStream::wait_readable() {
  if (ended_) co_return;
  co_await under_->wait_readable();
}

Task<FrameHeader> WebSocketStream::read_header() {
  std::array<std::uint8_t, FrameHeader::kMaxBytes> bytes{};
  const MutableBytes all(bytes);
  co_await read_exactly(*under_, all.first(FrameHeader::kMinBytes));
  const std::size_t count = header_bytes(bytes[0], bytes[1]);
  const MutableBytes rest = all.subspan(FrameHeader::kMinBytes, count - FrameHeader::kMinBytes);
  if (!rest.empty()) co_await read_exactly(*under_, rest);
  const FrameHeader header = decode_header(all.first(count));
  // Section 5.1: a client masks, a server does not.
  if (header.mask.has_value() != (direction_ == Direction::inbound))
    throw Error(ErrorCode::malformed, "a WebSocket frame is masked by the wrong side");
  if (header.opcode == Opcode::text)
    throw Error(ErrorCode::malformed, "a WebSocket message of text");
  co_return header;
}

Task<void> WebSocketStream::take_control(FrameHeader header) {
  Bytes payload(static_cast<std::size_t>(header.length));
  if (!payload.empty()) co_await read_exactly(*under_, payload);
  if (header.mask) apply_mask(payload, *header.mask, 0);
  if (header.opcode == Opcode::close) ended_ = true;
  if (header.opcode != Opcode::ping) co_return;
  const std::array<ByteView, 1> pieces = {payload};
  co_await send(Opcode::pong, pieces);
}

Task<void> WebSocketStream::write(std::span<const ByteView> pieces) {
  return send(Opcode::binary, pieces);
}

Task<void> WebSocketStream::close_write() {
  co_await send(Opcode::close, {});
}

FrameHeader WebSocketStream::header_of(Opcode opcode, std::size_t bytes) {
  FrameHeader out{.opcode = opcode, .length = bytes};
  if (direction_ == Direction::inbound) return out;
  next_mask_ = next_mask_ * 1'664'525U + 1'013'904'223U;
  Mask mask{};
  for (std::size_t i = 0; i < mask.size(); ++i)
    mask[i] = static_cast<std::uint8_t>(next_mask_ >> (8 * i));
  out.mask = mask;
  return out;
}

Task<void> WebSocketStream::send(Opcode opcode, std::span<const ByteView> pieces) {
  const Turn turn = co_await Turn::take(*this);
  if (direction_ == Direction::outbound) {
    co_await send_masked(opcode, pieces);
    co_return;
  }
  std::size_t bytes = 0;
  for (const ByteView piece : pieces) bytes += piece.size();
  if (bytes == 0 && opcode == Opcode::binary) co_return;
  const Bytes header = encode(header_of(opcode, bytes));
  std::vector<ByteView> all = {header};
  all.insert(all.end(), pieces.begin(), pieces.end());
  co_await under_->write(all);
}

/// In frames of at most kMaskedBytes.
Task<void> WebSocketStream::send_masked(Opcode opcode, std::span<const ByteView> pieces) {
  Bytes waiting;
  bool is_first = true;
  std::size_t piece = 0;
  std::size_t offset = 0;
  while (piece < pieces.size() || (is_first && opcode != Opcode::binary)) {
    waiting.clear();
    for (; piece < pieces.size() && waiting.size() < kMaskedBytes;) {
      const ByteView rest = pieces[piece].subspan(offset);
      const ByteView part = rest.first(std::min(rest.size(), kMaskedBytes - waiting.size()));
      append(waiting, part);
      offset += part.size();
      if (part.size() == rest.size()) {
        ++piece;
        offset = 0;
      }
    }
    if (waiting.empty() && opcode == Opcode::binary) break;
    const FrameHeader header = header_of(opcode, waiting.size());
    apply_mask(waiting, *header.mask, 0);
    const Bytes head = encode(header);
    const std::array<ByteView, 2> frame = {head, waiting};
    co_await under_->write(frame);
    is_first = false;
  }
}

}  // namespace shoal::net::websocket
