#pragma once

#include <vector>

#include "net/swarm/peer_store.h"

namespace shoal::net {

/// Addresses in the order to try them. Those that the user gave come first; then loopback, LAN,
/// direct, relay. Among equals QUIC takes turns with TCP and begins, and WebSocket is last; within
/// each, IPv6 takes turns with IPv4 and begins (RFC 8305, section 4). Otherwise the order is kept.
std::vector<KnownAddress> in_dial_order(std::vector<KnownAddress> addresses);

}  // namespace shoal::net
