#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"

namespace shoal::net {

/// How a secure channel cuts what it sends: a header of fixed size, which tells the body's.
struct FrameShape {
  std::size_t header_bytes;
  /// The size of the body behind this header; throws Error for a header that is not acceptable.
  std::size_t (*body_bytes)(ByteView header);
  /// Of the buffer; at least one whole frame.
  std::size_t max_buffer_bytes;
};

/// Collects what arrives until a whole frame is there. Small while little arrives, never larger
/// than its maximum, whatever the peer sends: when it is full, a whole frame is in it.
///
///     while (!(frame = buffer.next_frame())) buffer.filled(read into buffer.space());
class FrameBuffer {
 public:
  static constexpr std::size_t kMinBytes = 4096;

  explicit FrameBuffer(FrameShape shape) : shape_(shape), needed_(shape.header_bytes) {}

  /// The next frame with its header, taken off the front: for opening in place. Valid until
  /// space().
  std::optional<MutableBytes> next_frame();

  /// Where the next bytes belong: never empty once next_frame() returned nothing. Invalidates
  /// frames.
  MutableBytes space();
  /// So many bytes were written to the front of the last space().
  void filled(std::size_t bytes);

  /// Whether what is left is the beginning of a frame.
  bool within_frame() const { return begin_ != end_; }

  std::size_t capacity_bytes() const { return capacity_; }

 private:
  std::size_t wanted_capacity() const;
  void move_to_front(std::size_t capacity);

  FrameShape shape_;
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t needed_;  // by the frame at begin_, as far as known
  std::size_t last_filled_ = 0;
  bool was_filled_up_ = false;
};

}  // namespace shoal::net
