#include "protocol/gossipsub/message_cache.h"

#include <utility>

namespace shoal::gossipsub {

void MessageCache::put(MessagePtr message) {
  const MessageId& id = message->id;
  const std::size_t size = message->bytes();
  if (!entries_.try_emplace(id, Entry{message, {}}).second) return;
  by_age_.push_back({id, heartbeat_});
  bytes_ += size;
  while (bytes_ > kMaxBytes && by_age_.size() > 1) drop_oldest();
}

MessagePtr MessageCache::find(const MessageId& id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second.message;
}

MessageCache::Answer MessageCache::answer(const MessageId& id, const PeerId& peer) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return {};
  return {found->second.message, ++found->second.asked[peer]};
}

std::vector<MessageId> MessageCache::gossip_ids(const std::string& topic) const {
  std::vector<MessageId> out;
  for (auto slot = by_age_.rbegin(); slot != by_age_.rend(); ++slot) {
    if (slot->heartbeat + gossip_ <= heartbeat_) break;
    if (entries_.at(slot->id).message->message.topic == topic) out.push_back(slot->id);
  }
  return out;
}

void MessageCache::shift() {
  ++heartbeat_;
  while (!by_age_.empty() && by_age_.front().heartbeat + history_ <= heartbeat_) drop_oldest();
}

void MessageCache::drop_oldest() {
  const auto found = entries_.find(by_age_.front().id);
  bytes_ -= found->second.message->bytes();
  entries_.erase(found);
  by_age_.pop_front();
}

}  // namespace shoal::gossipsub
