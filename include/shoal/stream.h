#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/async.h>

namespace shoal {

namespace library {
class StreamCore;
}

using ByteVector = std::vector<std::byte>;

/// An ordered, reliable, encrypted pipe of bytes to one peer, by one protocol. Both sides may write
/// at any time, and close their half independently.
///
/// Belongs to one node, and is used by coroutines of that node only; at most one read and one write
/// may be under way at a time. Moving it while they are is fine; what was moved from may only be
/// assigned or destroyed. Destroying it, from any thread,
/// resets it unless both sides had closed. Once the connection has ended or the node was stopped,
/// every call throws Error{closed}; what had arrived before can still be read until the node stops.
///
/// Flow control is built in: a write waits while the peer does not read, and unread bytes are held
/// up to a window that grows to 16 MiB for a stream that is read fast enough.
class PeerStream {
 public:
  static constexpr std::size_t kReadBytes = 64 * 1024;
  static constexpr std::size_t kMaxReadBytes = 16 * 1024 * 1024;
  static constexpr std::size_t kMaxMessageBytes = 1024 * 1024;

  explicit PeerStream(std::shared_ptr<library::StreamCore> core) noexcept;
  PeerStream(PeerStream&& other) noexcept;
  PeerStream& operator=(PeerStream&& other) noexcept;
  ~PeerStream();

  /// At least one byte and at most `at_most` (and kMaxReadBytes), as soon as there are some; empty
  /// when the other side has closed its half. The first read after Node::open also tells whether
  /// the peer speaks the protocol: Error{unsupported}.
  Async<ByteVector> read(std::size_t at_most = kReadBytes);
  /// The same into the caller's memory, which must live until then: how many bytes, 0 at the end.
  Async<std::size_t> read_into(std::span<std::byte> memory);
  /// Fills `memory` wholly. Throws Error{closed} when the end comes before.
  Async<void> read_exactly(std::span<std::byte> memory);

  /// All of `bytes`, which must live until then. Returns when they were taken over, which says
  /// nothing of their arrival.
  Async<void> write(std::span<const std::byte> bytes);
  /// `text` is copied.
  Async<void> write(std::string text);
  Async<void> write(const char* text) { return write(std::string(text)); }

  /// The next message of one whose length precedes it as a varint, as most of libp2p's protocols
  /// have them; none when the other side has closed its half after the last. Throws Error{limit}
  /// for more than `max_bytes`, before memory is taken for it, {malformed} for a length that is
  /// none, and {closed} for an end within a message. Memory grows only as bytes arrive. After an
  /// error, or cancelled, the stream stands within a message: reset it.
  Async<std::optional<ByteVector>> read_message(std::size_t max_bytes = kMaxMessageBytes);
  /// The same way: its length, then `message`, which must live until then.
  Async<void> write_message(std::span<const std::byte> message);
  /// `text` is copied.
  Async<void> write_message(std::string text);
  Async<void> write_message(const char* text) { return write_message(std::string(text)); }

  /// Half-close: the other side reads its end after all that was written. Reading goes on.
  Async<void> close();
  /// Breaks the stream at once, without waiting: reads and writes, here and there, throw
  /// Error{closed}.
  void reset() noexcept;

  /// Whom it leads to.
  const std::string& peer_id() const;
  const std::string& protocol() const;

 private:
  std::shared_ptr<library::StreamCore> core_;
};

/// Bytes as text and text as bytes, without a copy: both borrow.
inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace shoal
