#include "protocol/kad/lost_peers.h"

#include <algorithm>
#include <utility>

namespace shoal::kad {

void LostPeers::lost(const PeerId& peer, std::vector<Multiaddr> addresses, TimePoint now) {
  if (addresses.empty() || peers_.contains(peer)) return;
  if (addresses.size() > PeerInfo::kMaxAddresses) {
    addresses.erase(addresses.begin() + PeerInfo::kMaxAddresses, addresses.end());
  }
  if (peers_.size() == kMaxPeers) make_room();
  peers_.emplace(
      peer, Lost{.addresses = std::move(addresses), .lost_at = now, .due_at = now + kFirstPause});
}

void LostPeers::make_room() {
  const auto worst = std::ranges::max_element(peers_, [](const auto& a, const auto& b) {
    if (a.second.pause != b.second.pause) return a.second.pause < b.second.pause;
    return a.second.lost_at > b.second.lost_at;
  });
  peers_.erase(worst);
}

bool LostPeers::found(const PeerId& peer) {
  return peers_.erase(peer) > 0;
}

std::vector<PeerInfo> LostPeers::due(TimePoint now) {
  std::erase_if(peers_, [now](const auto& one) { return now - one.second.lost_at > kForgetAfter; });
  std::vector<std::pair<TimePoint, PeerId>> waiting;
  for (const auto& [peer, lost] : peers_) {
    if (lost.due_at <= now) waiting.emplace_back(lost.due_at, peer);
  }
  std::ranges::sort(waiting);
  std::vector<PeerInfo> out;
  for (const auto& [due_at, peer] : waiting) {
    if (out.size() == kMaxAtOnce) break;
    Lost& lost = peers_.at(peer);
    lost.pause = std::min(2 * lost.pause, kMaxPause);
    lost.due_at = now + lost.pause;
    out.push_back({.id = peer, .addresses = lost.addresses});
  }
  return out;
}

}  // namespace shoal::kad
