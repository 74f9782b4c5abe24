#pragma once

#include <memory>
#include <string>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "content/store/block_store.h"
#include "crypto/keys.h"
#include "net/swarm/swarm.h"
#include "node/config.h"
#include "protocol/identify/identify.h"
#include "system/system.h"

namespace shoal::node {

/// A whole peer: identity, connections, protocols, content. The only place where parts are wired
/// together; the same on a real System and on a simulated one.
///
/// Construct, start(), use, stop(), destroy.
class Node {
 public:
  /// Locks the home, reads or makes the identity, opens the index. Throws Error{locked}, {io}.
  /// Borrows `system` for its life.
  Node(System& system, Config config);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Listens, and begins to connect to the peers of the config. Throws Error{failed} when an
  /// address cannot be had.
  void start();
  /// Ends every connection and task, and commits the state.
  Task<void> stop();

  System& system();
  const PeerId& id() const;
  const Config& config() const;
  net::Swarm& swarm();
  identify::Identify& identify();
  content::BlockStore& store();
  content::Bitswap& bitswap();

  /// Where others can reach this node, each with /p2p/ID, the most reachable first.
  std::vector<Multiaddr> addresses() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace shoal::node
