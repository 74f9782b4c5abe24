#include "service/chat_state.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace shoal::service {

namespace {

std::size_t cost_of(const ChatEvent& event) {
  return sizeof(ChatEvent) + event.name.size() + event.text.size() + event.id.size();
}

Duration period_of(const ChatMessage& message) {
  constexpr auto kMost = static_cast<std::uint64_t>(ChatState::kLongestPeriod / 1ms);
  const auto given = std::chrono::milliseconds(std::min(message.period_ms, kMost));
  return std::max<Duration>(given, ChatState::kShortestPeriod);
}

}  // namespace

void ChatState::hear(const PeerId& author, const std::string& id, const ChatMessage& message,
                     SharedBytes as_published, bool old, std::uint64_t wall_ms, TimePoint now) {
  const bool says = message.kind == ChatMessage::Kind::say;
  if (!old) {
    if (message.kind == ChatMessage::Kind::bye) {
      const auto member = members_.find(author);
      if (member != members_.end()) remove_member(member);
      return;
    }
    see_member(author, message, now);
  }
  if (!says || !note_seen(id)) return;
  // A clock that is ahead must not keep its words the last ones for ever.
  Kept said{.id = id, .order_ms = std::min(message.time_ms, wall_ms), .message = as_published};
  if (!keep(std::move(said)) && old) return;
  tell({.kind = ChatEvent::Kind::said,
        .peer = author,
        .name = message.name,
        .text = message.text,
        .id = id,
        .time_ms = message.time_ms,
        .old = old});
}

void ChatState::said(const std::string& id, SharedBytes as_published, std::uint64_t wall_ms) {
  if (note_seen(id)) keep({.id = id, .order_ms = wall_ms, .message = std::move(as_published)});
}

void ChatState::see_member(const PeerId& peer, const ChatMessage& message, TimePoint now) {
  const auto known = members_.find(peer);
  if (known == members_.end()) {
    if (members_.size() == kMaxMembers) return;
    members_.emplace(peer, Member{message.name, now + kPatience * period_of(message)});
    tell({.kind = ChatEvent::Kind::joined, .peer = peer, .name = message.name});
    return;
  }
  known->second.until = std::max(known->second.until, now + kPatience * period_of(message));
  if (known->second.name == message.name) return;
  known->second.name = message.name;
  tell({.kind = ChatEvent::Kind::renamed, .peer = peer, .name = message.name});
}

void ChatState::remove_member(std::map<PeerId, Member>::iterator member) {
  tell({.kind = ChatEvent::Kind::left, .peer = member->first, .name = member->second.name});
  members_.erase(member);
}

void ChatState::lost(const PeerId& peer, TimePoint now) {
  const auto member = members_.find(peer);
  if (member != members_.end()) member->second.until = std::min(member->second.until, now + kGrace);
}

void ChatState::tick(TimePoint now) {
  for (auto member = members_.begin(); member != members_.end();) {
    const auto next = std::next(member);
    if (member->second.until <= now) remove_member(member);
    member = next;
  }
}

Duration ChatState::period() const {
  const auto others = static_cast<std::int64_t>(members_.size() + 1);
  const Duration fair = Duration(1min) * others / kHereAMinute;
  return std::clamp<Duration>(fair, kShortestPeriod, kLongestPeriod);
}

std::vector<ChatMember> ChatState::members() const {
  std::vector<ChatMember> out;
  for (const auto& [peer, member] : members_) out.push_back({peer, member.name});
  return out;
}

bool ChatState::note_seen(const std::string& id) {
  if (!seen_.insert(id).second) return false;
  seen_order_.push_back(id);
  if (seen_order_.size() > kMaxSeen) {
    seen_.erase(seen_order_.front());
    seen_order_.pop_front();
  }
  return true;
}

bool ChatState::keep(Kept said) {
  // All members keep the same ones, in the same order.
  const auto key = [](const Kept& kept) { return std::tie(kept.order_ms, kept.id); };
  const auto place = std::ranges::upper_bound(history_, key(said), {}, key);
  if (place == history_.begin() && history_.size() == kHistory) return false;
  history_.insert(place, std::move(said));
  if (history_.size() > kHistory) history_.pop_front();
  return true;
}

void ChatState::tell(ChatEvent event) {
  event_bytes_ += cost_of(event);
  events_.push_back(std::move(event));
  while (events_.size() > kMaxEvents || (event_bytes_ > kMaxEventBytes && events_.size() > 1)) {
    event_bytes_ -= cost_of(events_.front());
    events_.pop_front();
    ++missed_;
  }
}

std::optional<ChatEvent> ChatState::next_event() {
  if (missed_ > 0) {
    return ChatEvent{.kind = ChatEvent::Kind::missed, .count = std::exchange(missed_, 0)};
  }
  if (events_.empty()) return std::nullopt;
  ChatEvent out = std::move(events_.front());
  events_.pop_front();
  event_bytes_ -= cost_of(out);
  return out;
}

}  // namespace shoal::service
