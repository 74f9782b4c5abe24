#include "protocol/gossipsub/pending.h"

#include <utility>

#include "base/error.h"

namespace shoal::gossipsub {

std::optional<Ticket> PendingMessages::add(MessagePtr message, const PeerId& from) {
  const std::size_t size = message->bytes();
  if (entries_.size() == kMaxMessages || bytes_ + size > kMaxBytes) return std::nullopt;
  const auto known = by_peer_.find(from);
  const Usage used = known == by_peer_.end() ? Usage{} : known->second;
  if (used.messages == kMaxMessagesPerPeer || used.bytes + size > kMaxBytesPerPeer) {
    return std::nullopt;
  }
  by_peer_[from] = {used.messages + 1, used.bytes + size};
  bytes_ += size;
  const Ticket ticket = ++last_;
  by_id_.emplace(message->id, ticket);
  entries_.emplace(ticket, Entry{.message = std::move(message), .from = from, .others = {}});
  return ticket;
}

PendingMessages::Entry* PendingMessages::find(Ticket ticket) {
  const auto found = entries_.find(ticket);
  return found == entries_.end() ? nullptr : &found->second;
}

PendingMessages::Entry* PendingMessages::find_same(const MessageId& id, const Message& message) {
  const auto [begin, end] = by_id_.equal_range(id);
  for (auto at = begin; at != end; ++at) {
    Entry& entry = entries_.at(at->second);
    if (entry.message->message == message) return &entry;
  }
  return nullptr;
}

PendingMessages::Entry PendingMessages::take(Ticket ticket) {
  const auto found = entries_.find(ticket);
  SHOAL_CHECK(found != entries_.end());
  Entry out = std::move(found->second);
  entries_.erase(found);
  const std::size_t size = out.message->bytes();
  bytes_ -= size;
  const auto usage = by_peer_.find(out.from);
  usage->second.bytes -= size;
  if (--usage->second.messages == 0) by_peer_.erase(usage);
  const auto [begin, end] = by_id_.equal_range(out.message->id);
  for (auto at = begin; at != end; ++at) {
    if (at->second != ticket) continue;
    by_id_.erase(at);
    break;
  }
  return out;
}

}  // namespace shoal::gossipsub
