#pragma once

#include <optional>

#include "net/transport/quic/incoming.h"
#include "net/transport/quic/packet_socket.h"
#include "net/transport/quic/session.h"

namespace shoal::quic {

/// For a session that dials `expected` at `remote` from this socket.
SessionConfig client_config(PacketSocket& socket, const Endpoint& remote, PeerId expected,
                            std::optional<Ticket> ticket);
/// For one that answers a client.
SessionConfig server_config(PacketSocket& socket, const FirstPacket& first, const Endpoint& remote);

}  // namespace shoal::quic
