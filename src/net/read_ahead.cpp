#include "net/read_ahead.h"

#include <algorithm>

namespace shoal::net {

Task<std::size_t> ReadAhead::read_some(MutableBytes into) {
  if (taken_ == buffer_.size()) {
    if (into.size() >= kBufferBytes) {
      free_buffer();
      co_return co_await under_->read_some(into);
    }
    buffer_.resize(kBufferBytes);
    taken_ = buffer_.size();
    const std::size_t got = co_await under_->read_some(buffer_);
    buffer_.resize(got);
    taken_ = 0;
  }
  const std::size_t count = std::min(into.size(), buffer_.size() - taken_);
  std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(taken_), count, into.begin());
  taken_ += count;
  co_return count;
}

Task<void> ReadAhead::wait_readable() {
  if (taken_ < buffer_.size()) return Stream::wait_readable();
  free_buffer();
  return under_->wait_readable();
}

void ReadAhead::free_buffer() {
  buffer_ = Bytes();  // {} would keep its memory
  taken_ = 0;
}

Task<void> ReadAhead::write(std::span<const ByteView> pieces) {
  return under_->write(pieces);
}

Task<void> ReadAhead::close_write() {
  return under_->close_write();
}

}  // namespace shoal::net
