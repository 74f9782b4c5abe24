#include "protocol/pex/roster.h"

#include <algorithm>
#include <utility>

namespace shoal::pex {

void Roster::add(const PeerId& peer, Bytes record) {
  const auto known = peers_.find(peer);
  if (known == peers_.end() && peers_.size() >= kMaxPeers) return;
  Entry& entry = peers_[peer];
  entry.record = std::move(record);
  ++entry.streams;
}

void Roster::remove(const PeerId& peer) {
  const auto known = peers_.find(peer);
  if (known == peers_.end()) return;
  if (--known->second.streams == 0) peers_.erase(known);
}

std::vector<Named> Roster::news(const PeerId& asker, Told& told, Random& random) const {
  std::vector<const std::pair<const PeerId, Entry>*> fresh;
  for (const auto& peer : peers_) {
    if (peer.first != asker && !told.peers.contains(peer.first)) fresh.push_back(&peer);
  }
  const std::size_t at_once = std::exchange(told.asked, true) ? kMaxNews : kMaxFirst;
  const std::size_t most = std::min(at_once, kMaxTold - std::min(kMaxTold, told.peers.size()));
  const std::size_t count = std::min(most, fresh.size());
  std::vector<Named> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(fresh[i], fresh[i + random.below(fresh.size() - i)]);
    out.push_back({fresh[i]->first, fresh[i]->second.record});
    told.peers.insert(fresh[i]->first);
  }
  return out;
}

}  // namespace shoal::pex
