#include "protocol/gossipsub/promises.h"

namespace shoal::gossipsub {

void Promises::add(const PeerId& peer, const std::vector<MessageId>& asked, TimePoint deadline,
                   Random& random) {
  if (asked.empty() || size_ == kMaxEntries) return;
  const MessageId& id = asked[random.below(asked.size())];
  if (by_id_[id].try_emplace(peer, deadline).second) ++size_;
}

void Promises::fulfilled(const MessageId& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  size_ -= found->second.size();
  by_id_.erase(found);
}

void Promises::forget(const PeerId& peer) {
  for (auto& [id, peers] : by_id_) size_ -= peers.erase(peer);
  std::erase_if(by_id_, [](const auto& entry) { return entry.second.empty(); });
}

std::map<PeerId, unsigned> Promises::take_broken(TimePoint now) {
  std::map<PeerId, unsigned> out;
  for (auto& [id, peers] : by_id_) {
    size_ -= std::erase_if(peers, [&](const auto& entry) {
      const bool broken = entry.second <= now;
      if (broken) ++out[entry.first];
      return broken;
    });
  }
  std::erase_if(by_id_, [](const auto& entry) { return entry.second.empty(); });
  return out;
}

}  // namespace shoal::gossipsub
