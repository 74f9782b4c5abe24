#include "net/security/frame_buffer.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace shoal::net {

std::optional<MutableBytes> FrameBuffer::next_frame() {
  const MutableBytes received(bytes_.get() + begin_, end_ - begin_);
  needed_ = shape_.header_bytes;
  if (received.size() < needed_) return std::nullopt;
  needed_ += shape_.body_bytes(received.first(shape_.header_bytes));
  if (received.size() < needed_) return std::nullopt;
  begin_ += needed_;
  return received.first(needed_);
}

/// Grows to what the next frame needs and while the peer fills it up, shrinks while hardly used.
std::size_t FrameBuffer::wanted_capacity() const {
  std::size_t wanted = std::max(capacity_, kMinBytes);
  if (was_filled_up_) wanted *= 2;
  if (begin_ == end_ && last_filled_ < wanted / 8) wanted /= 2;
  return std::clamp(wanted, std::max(kMinBytes, needed_), shape_.max_buffer_bytes);
}

void FrameBuffer::move_to_front(std::size_t capacity) {
  const std::size_t size = end_ - begin_;
  if (capacity != capacity_) {
    auto bytes = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
    if (size > 0) std::memcpy(bytes.get(), bytes_.get() + begin_, size);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  } else if (begin_ > 0 && size > 0) {
    std::memmove(bytes_.get(), bytes_.get() + begin_, size);
  }
  begin_ = 0;
  end_ = size;
}

MutableBytes FrameBuffer::space() {
  const std::size_t capacity = wanted_capacity();
  const bool frame_fits = capacity_ - begin_ >= needed_;
  const bool little_space = begin_ > 0 && capacity_ - end_ < capacity_ / 4;
  if (begin_ == end_ || capacity > capacity_ || !frame_fits || little_space) {
    move_to_front(capacity);
  }
  return {bytes_.get() + end_, capacity_ - end_};
}

void FrameBuffer::filled(std::size_t bytes) {
  SHOAL_CHECK(bytes <= capacity_ - end_);
  was_filled_up_ = bytes == capacity_ - end_;
  end_ += bytes;
  last_filled_ = bytes;
}

}  // namespace shoal::net
