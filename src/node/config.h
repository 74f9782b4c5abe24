#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/keys.h"
#include "format/multiaddr.h"
#include "net/upgrade.h"

namespace shoal::node {

/// All that a user decides about a node.
struct Config {
  /// Identity, index and state; made when absent.
  std::string home;
  /// Empty: every interface. Port 0 is the one that the home keeps from run to run.
  std::vector<Multiaddr> listen;
  /// Peers to know, and to stay connected to, from the start; each ends in /p2p/ID.
  std::vector<Multiaddr> connect;
  /// Ways into a network: peers that are met at the start, and through which others are found; each
  /// ends in /p2p/ID.
  std::vector<Multiaddr> bootstrap{};
  /// Finds peers of the local network, and is found by them.
  bool lan = false;
  /// Takes part in the DHT of the peers that it knows, by bootstrap, by the local network, or
  /// because they came.
  bool dht = false;
  /// Answers questions of the DHT, when others can reach this node; else it only asks.
  bool dht_server = true;
  /// Announces to the public DHT, and uses its bootstrap peers.
  bool is_public = false;
  /// HTTP servers that are asked who has what and where peers are (Delegated Routing V1 HTTP API),
  /// beside the other ways: http://HOST[:PORT][/PATH], or https.
  std::vector<std::string> routers{};
  /// Addresses that others reach this node by, such as a port that a router forwards; they come
  /// before those of its interfaces in links and identify. Without /p2p, or with its own id.
  std::vector<Multiaddr> announce{};
  /// Relays through which others reach this node; each ends in /p2p/ID. The node stays connected to
  /// them.
  std::vector<Multiaddr> relays{};
  /// Relays for everybody who asks, without limits on time and bytes. Without it, a node with a
  /// public or an announced address relays with the usual limits, others not at all.
  bool relay_service = false;
  /// Asks the router of the local network to forward the ports that are listened on (PCP, NAT-PMP,
  /// UPnP).
  bool port_mapping = false;
  /// Punches holes as the spec of DCUtR has it, and nothing more: for comparisons.
  bool plain_punching = false;
  /// Bytes a second, everything on the wire; 0: no limit.
  std::uint64_t up = 0;
  std::uint64_t down = 0;
  /// What identify says of us.
  std::string agent;
  /// The identity; the home's is then neither read nor made.
  std::optional<crypto::PrivateKey> key = {};
  /// Security protocols, and the private network that the node is in.
  net::UpgradeOptions upgrade = {};
  /// Speaks QUIC beside TCP, by default on the same port; not in a private network, for which it
  /// has no place. Not in simulated worlds: GnuTLS draws its own randomness, so no seed would
  /// reproduce a run.
  bool quic = false;
  bool speaks_quic() const { return quic && !upgrade.network_key; }
  /// The index lives in memory and ends with the node; of the home only key and port remain. For
  /// nodes that need no second run, such as simulated ones.
  bool ephemeral = false;
};

}  // namespace shoal::node
