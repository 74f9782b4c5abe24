#pragma once

#include <functional>
#include <map>
#include <set>

#include "net/swarm/swarm.h"
#include "net/upgrade.h"
#include "node/config.h"
#include "protocol/autonat/client.h"
#include "protocol/autonat/reachability.h"
#include "protocol/autonat/server.h"
#include "protocol/identify/identify.h"
#include "system/system.h"

namespace shoal::node {

/// Has peers try where this node is reached from the internet, and tries for them (AutoNAT v2). An
/// address that works and that no interface has, such as a forwarded port, is announced.
class OwnAddresses {
 public:
  /// Borrows all for its life, which must last as long as the swarm's.
  OwnAddresses(System& system, net::Swarm& swarm, const identify::Identify& identify,
               net::Bandwidth bandwidth, const Config& config);

  void start() { reachability_.start(); }
  Task<void> stop() { return reachability_.stop(); }
  /// Of what dials for others; once the swarm has ended.
  Task<void> stop_dialling() { return server_.stop(); }

  const autonat::Reachability& reachability() const { return reachability_; }
  /// Further addresses to try, before those that peers see.
  void also_try(std::function<std::vector<Multiaddr>()> mapped) { mapped_ = std::move(mapped); }
  /// Called after an address was found to work, or no longer.
  void when_changed(std::function<void()> callback) { changed_ = std::move(callback); }

 private:
  std::vector<Multiaddr> candidates() const;
  void heard(const Multiaddr& address, autonat::Reachable state);

  net::Swarm& swarm_;
  const identify::Identify& identify_;
  net::Upgrader upgrader_;  // of dial-backs, by an identity of their own
  autonat::Server server_;
  autonat::Client client_;
  autonat::Reachability reachability_;
  std::set<Multiaddr> announced_;
  std::function<void()> changed_;
  std::function<std::vector<Multiaddr>()> mapped_;
};

}  // namespace shoal::node
