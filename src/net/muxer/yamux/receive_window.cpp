#include "net/muxer/yamux/receive_window.h"

#include <algorithm>
#include <utility>

namespace shoal::yamux {

bool ReceiveWindow::take(std::uint32_t bytes) {
  if (bytes > available_) return false;
  available_ -= bytes;
  unread_ += bytes;
  return true;
}

std::uint32_t ReceiveWindow::consume(std::uint64_t bytes) {
  const auto taken = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, unread_));
  unread_ -= taken;
  return taken;
}

std::uint32_t ReceiveWindow::discard() {
  return std::exchange(unread_, 0);
}

std::uint32_t ReceiveWindow::grant(std::chrono::nanoseconds now,
                                   std::optional<std::chrono::nanoseconds> rtt,
                                   std::uint32_t max_size, std::uint64_t allowance) {
  if (grantable() < size_ / 2) return 0;
  if (rtt && now - last_grant_ < 2 * std::max(*rtt, kLeastRoundTrip)) grow(max_size, allowance);
  last_grant_ = now;
  const std::uint32_t bytes = grantable();
  available_ += bytes;
  return bytes;
}

void ReceiveWindow::grow(std::uint32_t max_size, std::uint64_t allowance) {
  if (size_ >= max_size) return;
  const std::uint64_t more = std::min<std::uint64_t>({size_, max_size - size_, allowance});
  size_ += static_cast<std::uint32_t>(more);
}

}  // namespace shoal::yamux
