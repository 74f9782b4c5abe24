#include "protocol/gossipsub/backoff.h"

namespace shoal::gossipsub {

void Backoffs::add(const std::string& topic, const PeerId& peer, TimePoint until) {
  const Key key(topic, peer);
  const auto [found, fresh] = ends_.try_emplace(key, until);
  if (!fresh) {
    if (found->second >= until) return;
    by_end_.erase({found->second, key});
    found->second = until;
  }
  by_end_.emplace(until, key);
  if (ends_.size() <= kMaxEntries) return;
  ends_.erase(by_end_.begin()->second);
  by_end_.erase(by_end_.begin());
}

std::optional<TimePoint> Backoffs::until(const std::string& topic, const PeerId& peer,
                                         TimePoint now) const {
  const auto found = ends_.find(Key(topic, peer));
  if (found == ends_.end() || found->second + kSlack <= now) return std::nullopt;
  return found->second;
}

void Backoffs::expire(TimePoint now) {
  while (!by_end_.empty() && by_end_.begin()->first + kSlack <= now) {
    ends_.erase(by_end_.begin()->second);
    by_end_.erase(by_end_.begin());
  }
}

}  // namespace shoal::gossipsub
