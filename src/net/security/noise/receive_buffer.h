#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "net/security/noise/transport.h"

namespace shoal::noise {

/// Collects what arrives until a whole frame is there. Small while little arrives, never larger
/// than kMaxBytes, whatever the peer sends: when it is full, a whole frame is in it.
///
///     while (!(body = buffer.next_body())) buffer.filled(read into buffer.space());
class ReceiveBuffer {
 public:
  static constexpr std::size_t kMinBytes = 4096;
  static constexpr std::size_t kMaxBytes = 2 * kMaxFrameBytes;

  /// The body of the next frame, taken off the front: for opening in place. Valid until space().
  /// Throws Error{malformed} for a length below 16.
  std::optional<MutableBytes> next_body();

  /// Where the next bytes belong: never empty once next_body() returned nothing. Invalidates
  /// bodies.
  MutableBytes space();
  /// So many bytes were written to the front of the last space().
  void filled(std::size_t bytes);

  /// Whether what is left is the beginning of a frame.
  bool within_frame() const { return begin_ != end_; }

  std::size_t capacity_bytes() const { return capacity_; }

 private:
  std::size_t wanted_capacity() const;
  void move_to_front(std::size_t capacity);

  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t needed_ = kLengthBytes;  // by the frame at begin_, as far as known
  std::size_t last_filled_ = 0;
  bool was_filled_up_ = false;
};

}  // namespace shoal::noise
