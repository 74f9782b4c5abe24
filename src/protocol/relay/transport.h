#pragma once

#include <memory>

#include "net/transport/transport.h"
#include "net/upgrade.h"
#include "protocol/relay/client.h"

namespace shoal::relay {

/// Where a swarm listens for circuits. What others reach it by are the addresses that the client
/// announces.
Multiaddr circuit_listen_address();

/// Circuits as a transport: dials [RELAY ADDRESS]/p2p/RELAY/p2p-circuit, and listens on
/// circuit_listen_address(). A relay is never reached through another one. `upgrader` should have
/// no bandwidth limits: the connection to the relay has counted every byte. Borrows all for its
/// life.
std::unique_ptr<net::Transport> make_circuit_transport(net::Swarm& swarm, Client& client,
                                                       net::Upgrader& upgrader);

}  // namespace shoal::relay
