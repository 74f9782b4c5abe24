#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "format/peer_id.h"
#include "protocol/gossipsub/message.h"

namespace shoal::gossipsub {

/// Names a message while it is checked; never used again.
using Ticket = std::uint64_t;

/// Messages that came and are not yet known to be valid. Until a signature is verified its id means
/// nothing: two messages with one id are checked both, unless they are the same bytes.
class PendingMessages {
 public:
  static constexpr std::size_t kMaxMessages = 1024;
  static constexpr std::size_t kMaxBytes = 32 * 1024 * 1024;
  /// Of one peer, so that none shuts out the others.
  static constexpr std::size_t kMaxMessagesPerPeer = 256;
  static constexpr std::size_t kMaxBytesPerPeer = 8 * 1024 * 1024;

  struct Entry {
    MessagePtr message;
    PeerId from;
    std::set<PeerId> others;  // that sent the same meanwhile
    /// Made of pieces that its author signed: nobody else is to blame for what it is.
    bool assembled = false;
  };

  /// None when a limit is reached.
  std::optional<Ticket> add(MessagePtr message, const PeerId& from);
  /// Null when it is none, or not pending any more.
  Entry* find(Ticket ticket);
  /// One with the same content; null when there is none.
  Entry* find_same(const MessageId& id, const Message& message);
  /// Whether any with this id is pending.
  bool has(const MessageId& id) const { return by_id_.contains(id); }
  /// `ticket` must be pending.
  Entry take(Ticket ticket);

  std::size_t size() const { return entries_.size(); }

 private:
  struct Usage {
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };

  std::map<Ticket, Entry> entries_;
  std::multimap<MessageId, Ticket> by_id_;
  std::map<PeerId, Usage> by_peer_;
  std::size_t bytes_ = 0;
  Ticket last_ = 0;
};

}  // namespace shoal::gossipsub
