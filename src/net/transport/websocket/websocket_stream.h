#pragma once

#include <memory>

#include "net/security/secured.h"
#include "net/transport/websocket/frame.h"
#include "system/event.h"
#include "system/network.h"
#include "system/random.h"

namespace shoal::net::websocket {

/// The payload of binary messages, one after another, over a stream whose handshake is done. A
/// client masks what it sends. A close frame is the end of what its sender writes.
class WebSocketStream final : public Stream {
 public:
  /// Of a client's write, copied to be masked.
  static constexpr std::size_t kMaskedBytes = 64 * 1024;
  /// Frames in a row that bring nothing, pings among them; one more ends the stream by
  /// Error{limit}.
  static constexpr std::size_t kMaxEmptyFrames = 32;

  /// Borrows the waits for its life. `mask` seeds the client's masks, which hide nothing that is
  /// not encrypted anyway.
  WebSocketStream(Waits& waits, std::unique_ptr<Stream> under, Direction direction,
                  std::uint32_t mask);

  Task<std::size_t> read_some(MutableBytes into) override;
  Task<void> wait_readable() override;
  Task<void> write(std::span<const ByteView> pieces) override;
  Task<void> close_write() override;
  void abort() noexcept override { under_->abort(); }

 private:
  class Turn;

  Task<FrameHeader> read_header();
  Task<void> take_control(FrameHeader header);
  Task<void> send(Opcode opcode, std::span<const ByteView> pieces);
  Task<void> send_masked(Opcode opcode, std::span<const ByteView> pieces);
  FrameHeader header_of(Opcode opcode, std::size_t bytes);

  const std::unique_ptr<Stream> under_;
  const Direction direction_;
  std::uint32_t next_mask_;
  FrameHeader reading_{};         // the data frame that is being read
  std::uint64_t read_bytes_ = 0;  // of it
  std::size_t empty_frames_ = 0;  // in a row
  bool ended_ = false;            // by the other side
  bool writing_ = false;
  Event written_;
};

}  // namespace shoal::net::websocket
