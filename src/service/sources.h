#pragma once

#include <vector>

#include "content/bitswap/bitswap.h"
#include "format/multiaddr.h"
#include "net/swarm/swarm.h"

namespace shoal::service {

/// Gives a session the peers to ask: the providers that a link names or, when it names none, all
/// that are connected. False when there is nobody.
bool add_sources(net::Swarm& swarm, content::Session& session,
                 const std::vector<Multiaddr>& providers);

}  // namespace shoal::service
