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
  /// Addresses that others reach this node by, such as a port that a router forwards; they come
  /// before those of its interfaces in links and identify. Without /p2p, or with its own id.
  std::vector<Multiaddr> announce{};
  /// Bytes a second, everything on the wire; 0: no limit.
  std::uint64_t up = 0;
  std::uint64_t down = 0;
  /// What identify says of us.
  std::string agent;
  /// The identity; the home's is then neither read nor made.
  std::optional<crypto::PrivateKey> key = {};
  /// Security protocols, and the private network that the node is in.
  net::UpgradeOptions upgrade = {};
};

}  // namespace shoal::node
