#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "format/peer_id.h"
#include "protocol/gossipsub/message.h"

namespace shoal::gossipsub {

/// The messages of the last heartbeats, to gossip about and to answer IWANT with: gossipsub v1.0,
/// "Message Cache".
class MessageCache {
 public:
  /// Of all messages, with their envelopes; the oldest go.
  static constexpr std::size_t kMaxBytes = 64 * 1024 * 1024;

  /// `gossip` of the `history` heartbeats are gossiped about.
  MessageCache(std::size_t gossip, std::size_t history) : gossip_(gossip), history_(history) {}

  /// Ignores one that is in already.
  void put(MessagePtr message);
  /// Null when it is not in.
  MessagePtr find(const MessageId& id) const;
  /// The same, counting how often `peer` has asked for it, this time included.
  struct Answer {
    MessagePtr message;
    unsigned times_asked = 0;
  };
  Answer answer(const MessageId& id, const PeerId& peer);

  std::vector<MessageId> gossip_ids(const std::string& topic) const;
  /// A heartbeat has passed.
  void shift();

  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    MessagePtr message;
    std::map<PeerId, unsigned> asked;
  };
  struct Slot {
    MessageId id;
    std::uint64_t heartbeat;
  };

  void drop_oldest();

  const std::size_t gossip_;
  const std::size_t history_;
  std::uint64_t heartbeat_ = 0;
  std::map<MessageId, Entry> entries_;
  std::deque<Slot> by_age_;
  std::size_t bytes_ = 0;
};

}  // namespace shoal::gossipsub
