#pragma once

#include <functional>
#include <set>
#include <vector>

#include "format/multiaddr.h"
#include "net/swarm/swarm.h"
#include "node/config.h"
#include "protocol/portmap/port_mapper.h"
#include "system/system.h"

namespace shoal::node {

/// Has the router forward the ports that the swarm listens on, and announces the addresses that
/// come of it, but for those that peers have tried in vain.
class PortMapping {
 public:
  /// Whether peers tried an address and did not reach it.
  using Refuted = std::function<bool(const Multiaddr&)>;

  /// Does nothing where the config has no port mapping. Borrows all for its life.
  PortMapping(System& system, net::Swarm& swarm, const Config& config, Refuted refuted);

  /// Once the swarm listens.
  void start();
  Task<void> stop();

  /// What the router forwards, as addresses of this node; they may not all work.
  std::vector<Multiaddr> addresses() const;
  /// Peers have tried addresses meanwhile.
  void reconsider();
  /// Called when the announced addresses have changed.
  void when_changed(std::function<void()> callback) { changed_ = std::move(callback); }

  /// Null where the config has none.
  const portmap::PortMapper* mapper() const { return enabled_ ? &mapper_ : nullptr; }

 private:
  std::vector<portmap::Port> ports() const;

  net::Swarm& swarm_;
  const bool enabled_;
  const Refuted refuted_;
  portmap::PortMapper mapper_;
  std::set<Multiaddr> announced_;
  std::function<void()> changed_;
};

}  // namespace shoal::node
