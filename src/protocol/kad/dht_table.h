#pragma once

#include <vector>

#include "net/swarm/swarm.h"
#include "protocol/kad/lookup.h"
#include "protocol/kad/routing_table.h"
#include "system/clock.h"

namespace shoal::kad {

/// The routing table as lookups use it: who answers gets a seat, by the address at which it is
/// connected.
class DhtTable final : public PeerTable {
 public:
  /// Borrows all for its life.
  DhtTable(RoutingTable& table, net::Swarm& swarm, Clock& clock)
      : table_(table), swarm_(swarm), clock_(clock) {}

  std::vector<PeerId> closest(const Key& target, std::size_t count) const override;
  void answered(const PeerId& peer, Duration round_trip) override;
  void failed(const PeerId& peer) override { table_.failed(peer, clock_.now()); }

  /// A connected peer that serves the DHT, as identify tells.
  void offer(const PeerId& peer);

 private:
  RoutingTable& table_;
  net::Swarm& swarm_;
  Clock& clock_;
};

}  // namespace shoal::kad
