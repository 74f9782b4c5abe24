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
  if (std::ranges::find(message.by, by, &Announced::Announcer::peer) != message.by.end()) return;
  const Trust trust = trusts_(by);
  if (message.by.size() == kMaxAnnouncers && !make_room(message, trust)) return;
  message.by.push_back({.peer = by, .at = now, .trust = trust});
  if (due < message.due) schedule(found, due);
}

/// Liars must not fill it: whoever was asked has had its chance, and who is trusted more comes
/// instead of who is trusted least. By what is noted: hundreds may announce one message, and to
/// judge each time all who did would be most of the work.
bool Repairs::make_room(Announced& message, const Trust& newcomer) {
  auto victim =
      std::ranges::find_if(message.by, [](const auto& each) { return each.asked.has_value(); });
  if (victim == message.by.end()) {
    victim = std::ranges::min_element(message.by, {}, &Announced::Announcer::trust);
    if (newcomer <= victim->trust) return false;
  }
  message.by.erase(victim);
  return true;
}

std::optional<Repairs::Announced> Repairs::arrived(const MessageId& id) {
  const auto found = messages_.find(id);
  if (found == messages_.end()) return std::nullopt;
  Announced out = std::move(found->second);
  by_due_.erase({out.due, id});
  messages_.erase(found);
  return out;
}

std::vector<std::pair<PeerId, MessageId>> Repairs::take_due(TimePoint now) {
  std::vector<std::pair<PeerId, MessageId>> out;
  while (!by_due_.empty() && by_due_.begin()->first <= now) {
    const auto message = messages_.find(by_due_.begin()->second);
    std::vector<std::pair<Trust, Announced::Announcer*>> next;
    std::size_t asked = 0;
    for (Announced::Announcer& each : message->second.by) {
      if (each.asked) ++asked;
      if (!each.asked) next.emplace_back(trusts_(each.peer), &each);
    }
    if (next.empty()) {
      erase(message);
      continue;
    }
    std::ranges::stable_sort(next, std::greater{}, [](const auto& each) { return each.first; });
    // As many as have not answered, as most may be liars; of those who came to us two at first.
    const bool trusted = next.front().first.reliable && next.front().first.outbound;
    const std::size_t count = std::max(asked, trusted ? std::size_t{1} : std::size_t{2});
    next.resize(std::min(next.size(), count));
    for (const auto& [trust, each] : next) {
      each->asked = now;
      out.emplace_back(each->peer, message->first);
    }
    schedule(message, now + answers_.get());
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
