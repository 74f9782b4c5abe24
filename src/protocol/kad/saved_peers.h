#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.h"
#include "format/multiaddr.h"
#include "protocol/kad/routing_table.h"

namespace shoal::kad {

/// A peer of the routing table as it is kept over a restart.
struct SavedPeer {
  static constexpr std::size_t kMaxAddresses = 8;

  PeerId id;
  IpAddress ip;  // any one of its IP group
  Duration round_trip{};
  std::vector<Multiaddr> addresses;

  bool operator==(const SavedPeer&) const = default;
};

inline constexpr std::size_t kMaxSavedPeers = 1024;

/// Peers and addresses beyond their bounds are left out.
Bytes encode_saved_peers(const std::vector<SavedPeer>& peers);
/// Never throws: what is damaged, and all that comes after a break, is left out.
std::vector<SavedPeer> decode_saved_peers(ByteView bytes);

/// Peers that are worth trying after a restart: those that were useful first, then those that were
/// not asked yet, each in order of buckets.
/// The table knows no addresses; whoever does adds them.
std::vector<SavedPeer> peers_to_save(const RoutingTable& table);
/// Offers them as peers that have yet to show that they are useful.
void restore(RoutingTable& table, const std::vector<SavedPeer>& peers, TimePoint now);

}  // namespace shoal::kad
