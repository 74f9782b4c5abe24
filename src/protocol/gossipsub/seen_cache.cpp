#include "protocol/gossipsub/seen_cache.h"

#include <utility>

#include "base/error.h"
#include "base/keyed_hash.h"

namespace shoal::gossipsub {

SeenCache::Entry& SeenCache::add(const MessageId& id, Verdict verdict, TimePoint now) {
  expire(now);
  const std::uint64_t hash = keyed_hash(id);
  const auto [added, fresh] = entries_.try_emplace(hash, Entry{.verdict = verdict, .at = now});
  SHOAL_CHECK(fresh);
  by_age_.push_back(hash);
  if (entries_.size() > kMaxEntries) drop_oldest();
  return added->second;
}

SeenCache::Entry* SeenCache::find(const MessageId& id, TimePoint now) {
  const auto found = entries_.find(keyed_hash(id));
  if (found == entries_.end() || found->second.at + lifetime_ <= now) return nullptr;
  return &found->second;
}

void SeenCache::expire(TimePoint now) {
  while (!by_age_.empty() && entries_.at(by_age_.front()).at + lifetime_ <= now) drop_oldest();
  while (!with_deliverers_.empty()) {
    const auto about = entries_.find(with_deliverers_.front());
    if (about != entries_.end() && now < about->second.at + kDeliverersKept) break;
    deliverers_.erase(with_deliverers_.front());
    with_deliverers_.pop_front();
  }
}

void SeenCache::set_deliverers(const MessageId& id, std::set<PeerId> peers) {
  const std::uint64_t hash = keyed_hash(id);
  if (deliverers_.insert_or_assign(hash, std::move(peers)).second) with_deliverers_.push_back(hash);
}

bool SeenCache::add_deliverer(const MessageId& id, const PeerId& peer) {
  const auto found = deliverers_.find(keyed_hash(id));
  if (found == deliverers_.end() || found->second.size() == kMaxPeersPerMessage) return false;
  return found->second.insert(peer).second;
}

void SeenCache::drop_oldest() {
  entries_.erase(by_age_.front());
  by_age_.pop_front();
}

}  // namespace shoal::gossipsub
