#include "protocol/kad/dht_table.h"

namespace shoal::kad {

std::vector<PeerId> DhtTable::closest(const Key& target, std::size_t count) const {
  std::vector<PeerId> out;
  for (const RoutingTable::Entry& entry : table_.closest(target, count)) out.push_back(entry.id);
  return out;
}

void DhtTable::answered(const PeerId& peer, Duration round_trip) {
  offer(peer);
  table_.useful(peer, round_trip, clock_.now());
}

void DhtTable::failed(const PeerId& peer) {
  const RoutingTable::Entry* entry = table_.find(peer);
  const bool was_useful = entry != nullptr && entry->last_useful.has_value();
  table_.failed(peer, clock_.now());
  if (!was_useful || table_.find(peer) != nullptr) return;
  lost_.lost(peer, swarm_.peers().addresses(peer), clock_.now());
}

void DhtTable::offer(const PeerId& peer) {
  const net::Connection* connection = swarm_.best(peer);
  if (connection == nullptr) return;
  if (lost_.found(peer)) ++found_again_;
  const auto group = IpGroup::of(connection->remote());
  if (group) table_.offer(peer, *group, clock_.now());
}

}  // namespace shoal::kad
