#pragma once

#include <vector>

#include "net/swarm/swarm.h"
#include "protocol/kad/lookup.h"
#include "protocol/kad/lost_peers.h"
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
  /// One that loses its seat by it, and was of use before, is remembered.
  void failed(const PeerId& peer) override;

  /// A connected peer that serves the DHT, as identify tells.
  void offer(const PeerId& peer);

  LostPeers& lost() { return lost_; }
  /// Lost peers that answered again, so far: the network may have been split until then.
  std::size_t found_again() const { return found_again_; }

 private:
  RoutingTable& table_;
  net::Swarm& swarm_;
  Clock& clock_;
  LostPeers lost_;
  std::size_t found_again_ = 0;
};

}  // namespace shoal::kad
