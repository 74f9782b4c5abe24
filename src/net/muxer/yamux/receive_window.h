#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "net/muxer/yamux/frame.h"

namespace shoal::yamux {

/// How much the peer may send on one stream, and when to let it send more.
///
///     | unread: received, not consumed | available: granted, not received | to be granted |
///     |<------------------------------------ size -------------------------------------->|
///
/// Credit is given back once half the window can be granted. A window that was half used up within
/// two round trips is smaller than the path, or close to it, and doubles (as QUIC and rust-yamux
/// do).
class ReceiveWindow {
 public:
  /// What a round trip counts as at least. On one machine and in a LAN it is the two processes'
  /// turns at a processor that take longest: while one waits for its own, the other needs a window
  /// that lasts.
  static constexpr std::chrono::nanoseconds kLeastRoundTrip = std::chrono::milliseconds(2);

  explicit ReceiveWindow(std::chrono::nanoseconds now) : last_grant_(now) {}

  /// A frame of `bytes` begins. False: the peer was not allowed to send that much.
  bool take(std::uint32_t bytes);

  /// The reader is done with up to `bytes`; returns how many of them it really had.
  std::uint32_t consume(std::uint64_t bytes);

  /// What was received is thrown away; returns how much that was.
  std::uint32_t discard();

  /// Bytes to grant the peer now; 0 when an update is not worth a frame. The window doubles at most
  /// to `max_size`, and by at most `allowance` bytes.
  std::uint32_t grant(std::chrono::nanoseconds now, std::optional<std::chrono::nanoseconds> rtt,
                      std::uint32_t max_size, std::uint64_t allowance);

  std::uint32_t size() const { return size_; }
  /// Bytes by which the window outgrew the initial one.
  std::uint32_t grown() const { return size_ - kInitialWindow; }
  std::uint32_t unread() const { return unread_; }
  std::uint32_t available() const { return available_; }

 private:
  std::uint32_t grantable() const { return size_ - available_ - unread_; }
  void grow(std::uint32_t max_size, std::uint64_t allowance);

  std::chrono::nanoseconds last_grant_;
  std::uint32_t size_ = kInitialWindow;
  std::uint32_t available_ = kInitialWindow;
  std::uint32_t unread_ = 0;
};

}  // namespace shoal::yamux
