#include "service/neighbours.h"

#include <algorithm>
#include <utility>

namespace shoal::service {

Neighbours::Neighbours(const Context& context, Cid root, content::Session& session)
    : system_(context.system),
      swarm_(context.swarm),
      bitswap_(context.bitswap),
      session_(session),
      scope_(context.exchange->join(std::move(root), false, this)) {
  swarm_.add_observer(*this);
}

Neighbours::~Neighbours() {
  swarm_.remove_observer(*this);
}

void Neighbours::add_source(const PeerId& peer) {
  if (peer == swarm_.local_peer() || !sources_.insert(peer).second) return;
  if (swarm_.best(peer) != nullptr) scope_->ask(peer);
}

void Neighbours::connected(net::Connection& connection) {
  const PeerId& peer = connection.peer();
  if (sources_.contains(peer) || neighbours_.contains(peer)) scope_->ask(peer);
}

void Neighbours::disconnected(net::Connection& connection) {
  const PeerId& peer = connection.peer();
  const net::Connection* rest = swarm_.best(peer);
  if (rest != nullptr && rest != &connection) return;
  if (neighbours_.erase(peer) > 0) fill();
}

void Neighbours::asked(const PeerId& peer) {
  bitswap_.note_sharing(peer);
  add(peer);
}

void Neighbours::answered(const PeerId& peer, bool whole) {
  if (!whole) bitswap_.note_sharing(peer);
  session_.set_role(peer, whole ? content::PeerRole::whole : content::PeerRole::part);
}

void Neighbours::named(const pex::Named& peer) {
  const bool known = sources_.contains(peer.id) || neighbours_.contains(peer.id) ||
                     meeting_.contains(peer.id) || was_tried(peer.id);
  if (known || candidates_.size() >= kMaxCandidates) return;
  candidates_.emplace(peer.id, peer);
  fill();
}

void Neighbours::met(const PeerId& peer, bool connected) {
  if (meeting_.erase(peer) == 0) return;
  if (connected) add(peer);
  fill();
}

void Neighbours::add(const PeerId& peer) {
  if (sources_.contains(peer) || neighbours_.size() >= kMost) return;
  if (swarm_.best(peer) == nullptr || !neighbours_.insert(peer).second) return;
  candidates_.erase(peer);
  session_.add_neighbour(peer);
}

void Neighbours::fill() {
  while (neighbours_.size() + meeting_.size() < kWanted && !candidates_.empty()) {
    const auto chosen = std::next(
        candidates_.begin(), static_cast<std::ptrdiff_t>(system_.random.below(candidates_.size())));
    pex::Named peer = std::move(chosen->second);
    candidates_.erase(chosen);
    if (neighbours_.contains(peer.id)) continue;
    if (tried_.size() >= kMaxTried) tried_.clear();
    tried_.insert_or_assign(peer.id, system_.clock.now());
    meeting_.insert(peer.id);
    const bool yields = swarm_.local_peer() > peer.id;
    scope_->meet(std::move(peer), yields ? kYield : Duration::zero());
  }
}

bool Neighbours::was_tried(const PeerId& peer) {
  const auto found = tried_.find(peer);
  return found != tried_.end() && system_.clock.now() - found->second < kRetry;
}

}  // namespace shoal::service
