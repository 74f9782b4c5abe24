#pragma once

#include <optional>

#include "net/security/frame_buffer.h"
#include "net/security/noise/transport.h"

namespace shoal::noise {

/// Collects Noise frames, at most two of the longest. Throws Error{malformed} for a length below
/// 16.
class ReceiveBuffer : public net::FrameBuffer {
 public:
  static constexpr std::size_t kMaxBytes = 2 * kMaxFrameBytes;

  ReceiveBuffer() : FrameBuffer({kLengthBytes, FrameOpener::body_bytes, kMaxBytes}) {}

  /// The body of the next frame.
  std::optional<MutableBytes> next_body() {
    const std::optional<MutableBytes> frame = next_frame();
    return frame ? std::optional(frame->subspan(kLengthBytes)) : std::nullopt;
  }
};

}  // namespace shoal::noise
