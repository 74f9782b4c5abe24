#pragma once

#include <map>
#include <string>
#include <vector>

#include "net/swarm/swarm.h"
#include "protocol/mdns/mdns.h"
#include "routing/router.h"
#include "system/event.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::routing {

/// The peers of the local network: found by mDNS, connected, and kept so, since they are near and
/// cost little. What they have is asked over those connections.
class LanPeers final : public Router {
 public:
  /// Peers that are connected without any other reason.
  static constexpr std::size_t kMaxConnected = 32;
  /// Two peers that find each other at once do not both dial: the one with the greater id waits.
  static constexpr Duration kYield = 300ms;
  /// How long a peer that is asked for may take to announce itself.
  static constexpr Duration kAnnounceTime = 1500ms;
  /// What such a peer is worth to the connection manager.
  static constexpr std::int32_t kTagValue = 10;

  /// Borrows both for its life; stop() must have returned before it is destroyed.
  LanPeers(System& system, net::Swarm& swarm, mdns::Options options);

  void start() { mdns_.start(); }
  Task<void> stop();

  std::string_view where() const override { return "on the local network"; }
  Task<void> find_providers(Cid, FoundSink) override { co_return; }
  Task<void> find_peer(PeerId peer, FoundSink sink) override;

  std::size_t count() const { return peers_.size(); }

 private:
  void found(const mdns::FoundPeer& peer);
  void gone(const PeerId& peer);
  Task<void> connect(PeerId peer);

  System& system_;
  net::Swarm& swarm_;
  std::map<PeerId, std::vector<Multiaddr>> peers_;
  Event changed_;
  TaskGroup tasks_;
  mdns::Mdns mdns_;
};

}  // namespace shoal::routing
