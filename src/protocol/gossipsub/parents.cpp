#include "protocol/gossipsub/parents.h"

#include <algorithm>

namespace shoal::gossipsub {

const PeerId* Parents::of(TreeKey tree) const {
  const auto found = parents_.find(tree);
  return found == parents_.end() ? nullptr : &found->second;
}

void Parents::set(TreeKey tree, const PeerId& peer) {
  if (!parents_.insert_or_assign(tree, peer).second) return;
  by_age_.push_back(tree);
  if (by_age_.size() <= kMaxTrees) return;
  parents_.erase(by_age_.front());
  by_age_.pop_front();
}

void Parents::suspect(const PeerId& peer, const MessageId& id, TimePoint now) {
  if (suspects_.size() == kMaxSuspects) return;
  suspects_.push_back({.peer = peer, .id = id, .until = now + kGrace});
}

void Parents::came(const PeerId& peer, const MessageId& id) {
  std::erase_if(suspects_, [&](const Suspect& each) { return each.peer == peer && each.id == id; });
}

std::vector<PeerId> Parents::take_failed(TimePoint now) {
  std::vector<PeerId> out;
  while (!suspects_.empty() && suspects_.front().until <= now) {
    const PeerId peer = suspects_.front().peer;
    suspects_.pop_front();
    failed_.insert_or_assign(peer, now);
    out.push_back(peer);
  }
  return out;
}

bool Parents::is_unreliable(const PeerId& peer, TimePoint now) const {
  const auto found = failed_.find(peer);
  return found != failed_.end() && now - found->second < kDistrust;
}

void Parents::forget(const PeerId& peer) {
  failed_.erase(peer);
  std::erase_if(suspects_, [&](const Suspect& each) { return each.peer == peer; });
}

std::optional<TimePoint> Parents::next_due() const {
  if (suspects_.empty()) return std::nullopt;
  return suspects_.front().until;
}

}  // namespace shoal::gossipsub
