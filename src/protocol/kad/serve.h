#pragma once

#include <cstddef>
#include <string>

#include "net/swarm/swarm.h"
#include "protocol/kad/server.h"
#include "system/system.h"

namespace shoal::kad {

/// Streams of one peer that are served at once; as many as js-libp2p opens.
inline constexpr std::size_t kMaxStreamsPerPeer = 32;
inline constexpr Duration kIdleTimeout = 1min;

/// Answers `protocol` (kPublicProtocol, kLanProtocol or one of a private network) until it is
/// removed from the swarm's protocols: many requests on a stream, one after the other, so that who
/// does not read answers is not read either. Streams that are open go on until they end. Borrows
/// all three until the swarm has stopped.
void serve(System& system, net::Swarm& swarm, Server& server, const std::string& protocol);

}  // namespace shoal::kad
