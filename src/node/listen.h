#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "format/multiaddr.h"
#include "net/swarm/swarm.h"
#include "system/system.h"

namespace shoal::node {

/// Listens on `addresses`; when there are none, on every interface, by TCP and where `quic` says so
/// by QUIC, on the same port if it is free for both. Port 0 stands for the port that
/// is kept in `folder` (`port`) from run to run, so that a link that was made with it stays true;
/// the first run draws it. Returns that port when another program has it, so that another one had
/// to do. Throws Error{failed} when a given address, or all of the default, cannot be had;
/// Error{unsupported} for one that no transport takes.
std::optional<std::uint16_t> listen_on(System& system, net::Swarm& swarm,
                                       const std::vector<Multiaddr>& addresses,
                                       const std::string& folder, bool quic);

}  // namespace shoal::node
