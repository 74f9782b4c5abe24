#pragma once

#include <memory>

#include "net/transport/transport.h"
#include "net/upgrade.h"
#include "system/system.h"

namespace shoal::net {

/// QUIC version 1 (RFC 9000, libp2p specs: quic) at /ip4|ip6/…/udp/PORT/quic-v1: security and
/// multiplexing are its own. Of `upgrader`, which is borrowed for life, it takes the identity, the
/// bandwidth limits and the gate for handshakes. Not for private networks: QUIC has no place for
/// their key.
std::unique_ptr<Transport> make_quic_transport(System& system, Upgrader& upgrader);

}  // namespace shoal::net
