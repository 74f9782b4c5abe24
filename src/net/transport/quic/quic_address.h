#pragma once

#include <optional>

#include "format/multiaddr.h"

namespace shoal::quic {

/// "/ip4|ip6/…/udp/…/quic-v1"; a link-local address with a scope begins with "/ip6zone/<scope>".
Multiaddr quic_address(const Endpoint& endpoint);

/// For such an address, perhaps with /p2p behind, and nothing else.
std::optional<Endpoint> quic_endpoint(const Multiaddr& address);

}  // namespace shoal::quic
