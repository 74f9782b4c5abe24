#include "routing/lan_peers.h"

#include "base/error.h"
#include "base/log.h"

namespace shoal::routing {

namespace {
constexpr const char* kLanTag = "lan";
}

LanPeers::LanPeers(System& system, net::Swarm& swarm, mdns::Options options)
    : system_(system),
      swarm_(swarm),
      changed_(system.waits),
      tasks_(system.waits, "lan peers"),
      mdns_(system, swarm, std::move(options)) {
  mdns_.when_found([this](const mdns::FoundPeer& peer) { found(peer); });
  mdns_.when_gone([this](const mdns::GonePeer& peer) { gone(peer.peer); });
}

Task<void> LanPeers::stop() {
  co_await tasks_.stop();
  co_await mdns_.stop();
}

void LanPeers::found(const mdns::FoundPeer& peer) {
  if (peer.peer == swarm_.local_peer()) return;
  for (const Multiaddr& address : peer.addresses) {
    swarm_.peers().add_address(peer.peer, address, net::AddressSource::claimed, peer.lifetime);
  }
  peers_[peer.peer] = peer.addresses;
  changed_.notify_all();
  if (!peer.fresh || peers_.size() > kMaxConnected) return;
  swarm_.manager().tag(peer.peer, kLanTag, kTagValue);
  tasks_.spawn(connect(peer.peer));
}

void LanPeers::gone(const PeerId& peer) {
  if (peers_.erase(peer) > 0) swarm_.manager().untag(peer, kLanTag);
}

Task<void> LanPeers::connect(PeerId peer) {
  if (swarm_.local_peer() > peer) co_await system_.clock.sleep_for(kYield);
  if (swarm_.best(peer) != nullptr || !peers_.contains(peer)) co_return;
  try {
    co_await swarm_.connect(peer);
  } catch (const Error& error) {
    log_debug("a peer of the local network, {}: {}", peer.short_name(), error.what());
  }
}

Task<void> LanPeers::find_peer(PeerId peer, FoundSink sink) {
  const TimePoint end = system_.clock.now() + kAnnounceTime;
  while (!peers_.contains(peer)) {
    const bool changed = co_await changed_.wait_until(system_.clock, end);
    if (!changed) co_return;
  }
  sink({.peer = peer, .addresses = peers_.at(peer), .source = Source::lan});
}

}  // namespace shoal::routing
