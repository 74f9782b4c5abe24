#pragma once

#include <string>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "format/multiaddr.h"
#include "net/swarm/swarm.h"
#include "service/context.h"

namespace shoal::service {

/// What is waited for, in words that name whom.
std::string connecting_to(const std::vector<Multiaddr>& providers);
/// The same when they were tried before: with why that was in vain, if it is known.
std::string trying_again(const std::vector<Multiaddr>& providers,
                         const std::vector<content::Trouble>& troubles);
/// Each with the peer's whole id.
std::string to_text(const std::vector<content::Trouble>& troubles);
std::string blocks_from(net::Swarm& swarm);
/// When nobody is known who has the content.
std::string waiting_for_peers(const Context& context);

}  // namespace shoal::service
