#pragma once

#include <optional>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "content/store/block_store.h"
#include "format/cid.h"
#include "format/multiaddr.h"
#include "net/swarm/swarm.h"
#include "protocol/pex/exchange.h"
#include "routing/routing.h"
#include "system/system.h"

namespace shoal::service {

/// The parts of a node that services of content are made of. All are borrowed.
struct Context {
  System& system;
  net::Swarm& swarm;
  content::BlockStore& store;
  content::Bitswap& bitswap;
  routing::Routing& routing;
  /// Names the peers of one root to each other; null for none.
  pex::Exchange* exchange = nullptr;
};

/// Where content may be had.
struct Origin {
  /// Peers that a link names, each with /p2p/ID.
  std::vector<Multiaddr> providers = {};
  /// What providers announce: the top of a tree. None: the first block that is asked for.
  std::optional<Cid> root = {};
};

}  // namespace shoal::service
