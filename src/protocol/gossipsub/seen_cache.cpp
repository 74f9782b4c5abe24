#include "protocol/gossipsub/seen_cache.h"

#include "base/error.h"

namespace shoal::gossipsub {

SeenCache::Entry& SeenCache::add(const MessageId& id, Verdict verdict, TimePoint now) {
  expire(now);
  const auto [added, fresh] = entries_.try_emplace(id, Entry{.verdict = verdict, .at = now});
  SHOAL_CHECK(fresh);
  by_age_.push_back(added);
  if (entries_.size() > kMaxEntries) drop_oldest();
  return added->second;
}

SeenCache::Entry* SeenCache::find(const MessageId& id, TimePoint now) {
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.at + lifetime_ <= now) return nullptr;
  return &found->second;
}

void SeenCache::expire(TimePoint now) {
  while (!by_age_.empty() && by_age_.front()->second.at + lifetime_ <= now) drop_oldest();
}

void SeenCache::drop_oldest() {
  entries_.erase(by_age_.front());
  by_age_.pop_front();
}

}  // namespace shoal::gossipsub
