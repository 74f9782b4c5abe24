#include "net/swarm/site_book.h"

#include <algorithm>

namespace shoal::net {

SiteBook::Site& SiteBook::find(const IpAddress& address, TimePoint now) {
  const auto found = sites_.find(address);
  if (found == sites_.end()) {
    make_room();
    Site& made = sites_[address];
    made.seen = now;
    made.forgiven = now;
    return made;
  }
  Site& site = found->second;
  const double seconds = std::chrono::duration<double>(now - site.seen).count();
  site.knocks = std::min(kBurstKnocks, site.knocks + seconds * kKnocksPerSecond);
  site.seen = now;
  const auto forgotten = static_cast<std::size_t>((now - site.forgiven) / kStrikeMemory);
  site.strikes -= std::min(site.strikes, forgotten);
  site.forgiven += static_cast<std::int64_t>(forgotten) * kStrikeMemory;
  return site;
}

void SiteBook::make_room() {
  if (sites_.size() < kMaxSites) return;
  const auto by_time = [](const auto& one) { return one.second.seen; };
  sites_.erase(std::ranges::min_element(sites_, {}, by_time));
}

bool SiteBook::admit(const IpAddress& address, TimePoint now) {
  if (is_this_machine(address)) return true;
  Site& site = find(address, now);
  if (site.knocks < 1) return false;
  site.knocks -= 1;
  return true;
}

void SiteBook::strike(const IpAddress& address, TimePoint now) {
  Site& site = find(address, now);
  // Not far below nothing: a neighbour behind the same address is to get in within seconds.
  site.knocks = std::max(-kStrikeKnocks, site.knocks - kStrikeKnocks);
  if (site.strikes == 0) site.forgiven = now;
  site.strikes = std::min(kMostStrikes, site.strikes + 1);
}

std::size_t SiteBook::strikes(const IpAddress& address, TimePoint now) {
  const auto found = sites_.find(address);
  return found == sites_.end() ? 0 : find(address, now).strikes;
}

}  // namespace shoal::net
