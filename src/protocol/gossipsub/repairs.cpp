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
  if (is_announced_by(id, by)) return;
  if (message.by.size() == kMaxAnnouncers) {
    // Liars must not fill it: whoever was asked has had its chance.
    const auto asked = std::ranges::find(message.by, true, &Announced::Announcer::asked);
    if (asked == message.by.end()) return;
    message.by.erase(asked);
  }
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
    // One first, and then as many as have not answered: most may be liars.
    auto& by = message->second.by;
    const auto asked = std::ranges::count(by, true, &Announced::Announcer::asked);
    std::vector<Announced::Announcer*> next;
    for (Announced::Announcer& each : by) {
      if (!each.asked) next.push_back(&each);
    }
    if (next.empty()) {
      erase(message);
      continue;
    }
    std::ranges::stable_sort(next, std::greater{},
                             [&](const auto* each) { return rank(each->peer); });
    next.resize(
        std::min(next.size(), static_cast<std::size_t>(std::max<std::ptrdiff_t>(asked, 1))));
    for (Announced::Announcer* each : next) {
      each->asked = true;
      out.emplace_back(each->peer, message->first);
    }
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
