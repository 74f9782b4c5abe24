#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/bytes.h"

namespace shoal::tunnel {

/// Datagrams of a UDP service on a stream: each has its length before it, 2 bytes big-endian. There
/// is no window: what a stream does not take at once is dropped, as a full link would do.
inline constexpr std::size_t kDatagramHeaderBytes = 2;
inline constexpr std::size_t kMaxDatagramBytes = 65'507;  // the most that UDP carries

/// What waits for a stream. Drops the newest when it is full: those that came first are of the most
/// use to a receiver.
class DatagramQueue {
 public:
  static constexpr std::size_t kMaxBytes = 128 * 1024;
  static constexpr std::size_t kMaxDatagrams = 256;

  /// False when there is no room for it, or it is too large.
  bool push(ByteView datagram);
  bool empty() const { return count_ == 0; }
  /// All of them, as they go to the stream.
  Bytes take();

 private:
  Bytes framed_;
  std::size_t count_ = 0;
};

/// Finds the datagrams in what comes from a stream.
class DatagramReader {
 public:
  /// What came, cut anywhere. Throws Error{malformed} for a length that UDP does not have.
  void receive(ByteView bytes, const std::function<void(ByteView)>& datagram);

 private:
  bool take_header(ByteView& bytes);

  std::size_t header_bytes_ = 0;
  std::size_t wanted_ = 0;
  Bytes partial_;  // of the datagram under way
};

}  // namespace shoal::tunnel
