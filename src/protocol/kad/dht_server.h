#pragma once

#include <string>

#include "net/swarm/swarm.h"
#include "protocol/kad/address_policy.h"
#include "protocol/kad/provider_store.h"
#include "protocol/kad/routing_table.h"
#include "protocol/kad/serve.h"
#include "protocol/kad/server.h"
#include "protocol/kad/value_store.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::kad {

/// The records that a node keeps for others, and its answers to them.
class DhtServer {
 public:
  static constexpr Duration kExpiryInterval = 10min;

  /// Borrows all for its life, which ends after the swarm has stopped.
  DhtServer(System& system, net::Swarm& swarm, const RoutingTable& table,
            const Validators& validators, std::string protocol, Scope scope);

  void start();
  /// Takes no new streams.
  Task<void> stop();

  ProviderStore& providers() { return providers_; }
  ValueStore& values() { return values_; }

  /// We have it ourselves.
  void add_own(const Multihash& content);

 private:
  Task<void> expire();
  std::vector<Multiaddr> addresses_of(const PeerId& peer) const;

  System& system_;
  net::Swarm& swarm_;
  const std::string protocol_;
  ProviderStore providers_;
  ValueStore values_;
  Server server_;
  TaskGroup tasks_;
};

}  // namespace shoal::kad
