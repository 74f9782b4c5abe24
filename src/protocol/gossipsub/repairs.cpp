#include "protocol/gossipsub/repairs.h"

#include <algorithm>

namespace shoal::gossipsub {

void Repairs::announced(const MessageId& id, const PeerId& by, TimePoint now, TimePoint due) {
  auto found = messages_.find(id);
  if (found == messages_.end()) {
    if (messages_.size() == kMaxMessages) return;
    found = messages_.emplace(id, Announced{.due = due}).first;
    by_due_.emplace(due, id);
  }
  Announced& message = found->second;
  if (message.by.size() == kMaxAnnouncers || is_announced_by(id, by)) return;
  message.by.push_back({.peer = by, .at = now});
  if (due < message.due) schedule(found, due);
}

bool Repairs::is_announced_by(const MessageId& id, const PeerId& peer) const {
  const auto found = messages_.find(id);
  return found != messages_.end() &&
         std::ranges::find(found->second.by, peer, &Announced::Announcer::peer) !=
             found->second.by.end();
}

std::optional<Repairs::Announced> Repairs::arrived(const MessageId& id) {
  const auto found = messages_.find(id);
  if (found == messages_.end()) return std::nullopt;
  Announced out = std::move(found->second);
  by_due_.erase({out.due, id});
  messages_.erase(found);
  return out;
}

std::vector<std::pair<PeerId, MessageId>> Repairs::take_due(TimePoint now, const Rank& rank) {
  std::vector<std::pair<PeerId, MessageId>> out;
  while (!by_due_.empty() && by_due_.begin()->first <= now) {
    const auto message = messages_.find(by_due_.begin()->second);
    Announced::Announcer* next = nullptr;
    for (Announced::Announcer& each : message->second.by) {
      if (!each.asked && (next == nullptr || rank(each.peer) > rank(next->peer))) next = &each;
    }
    if (next == nullptr) {
      erase(message);
      continue;
    }
    next->asked = true;
    out.emplace_back(next->peer, message->first);
    schedule(message, now + kRetryDelay);
  }
  return out;
}

void Repairs::forget(const PeerId& peer) {
  for (auto& [id, message] : messages_) {
    std::erase_if(message.by, [&](const auto& announcer) { return announcer.peer == peer; });
  }
}

std::optional<TimePoint> Repairs::next_due() const {
  if (by_due_.empty()) return std::nullopt;
  return by_due_.begin()->first;
}

void Repairs::schedule(Messages::iterator message, TimePoint due) {
  by_due_.erase({message->second.due, message->first});
  message->second.due = due;
  by_due_.emplace(due, message->first);
}

void Repairs::erase(Messages::iterator message) {
  by_due_.erase({message->second.due, message->first});
  messages_.erase(message);
}

}  // namespace shoal::gossipsub
