#include "protocol/gossipsub/seen_cache.h"

#include <utility>

#include "base/error.h"

namespace shoal::gossipsub {

SeenCache::Entry& SeenCache::add(const MessageId& id, Verdict verdict, TimePoint now) {
  expire(now);
  const std::uint64_t hash = keyed_hash(id, key_);
  items_.push_back({.hash = hash, .entry = {.verdict = verdict, .at = now}});
  const auto number = first_ + static_cast<std::uint32_t>(items_.size()) - 1;
  SHOAL_CHECK(numbers_.insert(number).second);
  if (items_.size() > kMaxEntries) drop_oldest();
  return items_.back().entry;
}

SeenCache::Entry* SeenCache::find(const MessageId& id, TimePoint now) {
  Entry* const found = find_hash(keyed_hash(id, key_));
  return found == nullptr || found->at + lifetime_ <= now ? nullptr : found;
}

SeenCache::Entry* SeenCache::find_hash(std::uint64_t hash) {
  const auto found = numbers_.find(hash);
  return found == numbers_.end() ? nullptr : &items_[*found - first_].entry;
}

void SeenCache::expire(TimePoint now) {
  while (!items_.empty() && items_.front().entry.at + lifetime_ <= now) drop_oldest();
  while (!with_deliverers_.empty()) {
    const Entry* const about = find_hash(with_deliverers_.front());
    if (about != nullptr && now < about->at + kDeliverersKept) break;
    deliverers_.erase(with_deliverers_.front());
    with_deliverers_.pop_front();
  }
}

void SeenCache::set_deliverers(const MessageId& id, std::set<PeerId> peers) {
  const std::uint64_t hash = keyed_hash(id, key_);
  if (deliverers_.insert_or_assign(hash, std::move(peers)).second) with_deliverers_.push_back(hash);
}

bool SeenCache::add_deliverer(const MessageId& id, const PeerId& peer) {
  const auto found = deliverers_.find(keyed_hash(id, key_));
  if (found == deliverers_.end() || found->second.size() == kMaxPeersPerMessage) return false;
  return found->second.insert(peer).second;
}

void SeenCache::drop_oldest() {
  numbers_.erase(first_);
  items_.pop_front();
  ++first_;
}

}  // namespace shoal::gossipsub
