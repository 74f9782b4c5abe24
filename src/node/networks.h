#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/resources/handshake_limiter.h"
#include "net/swarm/swarm.h"
#include "net/web_tls.h"
#include "node/config.h"
#include "node/home.h"
#include "node/module.h"
#include "routing/dht_network.h"
#include "routing/http_router.h"
#include "routing/lan_peers.h"
#include "routing/routing.h"
#include "system/system.h"

namespace shoal::node {

/// The networks that a node is part of, as its config says: the local one, the DHT of whom it knows
/// by the LAN and by bootstrap peers, and the public one; and the HTTP servers that it asks.
class Networks {
 public:
  /// Adds a router for each. Borrows all for its life.
  Networks(System& system, net::Swarm& swarm, routing::Routing& routing, const Config& config,
           const Home& home);

  /// Identify has told what `peer` speaks.
  void identified(const PeerId& peer);

  /// Others reach this node from the internet: it serves the public DHT from now on, if it is in it
  /// and was not told to ask only.
  void reachable();

  void start();
  Task<void> stop();

  /// The public one if the node is in it, else that of the LAN and of bootstrap peers; null for
  /// none.
  routing::DhtNetwork* dht();

 private:
  std::unique_ptr<routing::DhtNetwork> make_own_dht(const Config& config, const Home& home);
  std::unique_ptr<routing::DhtNetwork> make_public_dht(const Config& config, const Home& home);

  System& system_;
  const bool may_serve_;
  net::Swarm& swarm_;
  net::HandshakeLimiter gate_;
  net::WebTls web_tls_;  // of HTTP routers
  std::unique_ptr<routing::LanPeers> lan_;
  std::unique_ptr<routing::DhtNetwork> own_dht_;
  std::unique_ptr<routing::DhtNetwork> public_dht_;
  std::vector<std::unique_ptr<routing::HttpRouter>> http_routers_;
};

}  // namespace shoal::node
