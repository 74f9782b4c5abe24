#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "format/peer_id.h"
#include "protocol/gossipsub/message.h"
#include "system/event.h"

namespace shoal::gossipsub {

/// A message of a topic as subscribers see it.
struct Received {
  MessagePtr message;
  PeerId from;  // who sent it to us, mostly not its author

  ByteView data() const;
  /// None when messages are not signed.
  std::optional<PeerId> author() const;
};

struct InboxLimits {
  std::size_t messages = 4096;
  /// Of memory, as Inbox::cost() counts it.
  std::size_t bytes = 8 * 1024 * 1024;
};

/// Messages that one subscriber has not taken yet. When it is too slow the oldest go and are
/// counted.
class Inbox {
 public:
  Inbox(Waits& waits, InboxLimits limits) : limits_(limits), changed_(waits) {}

  void push(Received received);
  /// The next message; none after close(), when all were taken.
  Task<std::optional<Received>> next();
  /// Returns when there may be one, after wake(), or at the end.
  Task<void> wait() { return changed_.wait(); }
  void wake() { changed_.notify_all(); }
  bool ended() const { return closed_ && queue_.empty(); }
  std::optional<Received> try_next();
  void close();
  std::uint64_t missed() const { return missed_; }

  /// The memory that a message takes: its fields, the RPC that carries it, and what surrounds them.
  static std::size_t cost(const Received& received) {
    return 2 * received.message->bytes() + kOverheadBytes;
  }
  static constexpr std::size_t kOverheadBytes = 1024;

 private:
  void drop_oldest();

  const InboxLimits limits_;
  std::deque<Received> queue_;
  std::size_t bytes_ = 0;
  std::uint64_t missed_ = 0;
  bool closed_ = false;
  Event changed_;
};

}  // namespace shoal::gossipsub
