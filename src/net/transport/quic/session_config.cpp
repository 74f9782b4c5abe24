#include "net/transport/quic/session_config.h"

#include <utility>

#include "base/error.h"
#include "net/security/peer_certificate.h"

namespace shoal::quic {

namespace {

SessionConfig config_for(PacketSocket& socket, const Endpoint& remote) {
  Shared& shared = socket.shared();
  return {.credentials = shared.credentials,
          .verify = {},
          .random = &shared.system.random,
          .budget = &shared.budget,
          .local = socket.local(),
          .remote = remote,
          .reset_secret = socket.reset_secret()};
}

TlsSession::Verify verify_any(System& system) {
  return [&system](ByteView certificate) {
    return tls::verified_identity(certificate, system.clock.wall_now());
  };
}

}  // namespace

SessionConfig client_config(PacketSocket& socket, const Endpoint& remote, PeerId expected,
                            std::optional<Ticket> ticket) {
  SessionConfig out = config_for(socket, remote);
  out.direction = net::Direction::outbound;
  out.ticket = std::move(ticket);
  out.on_ticket = [&shared = socket.shared(), expected](Ticket next) {
    shared.tickets.keep(expected, std::move(next), shared.system.clock.now());
  };
  out.verify = [verify = verify_any(socket.shared().system),
                expected = std::move(expected)](ByteView certificate) {
    crypto::PublicKey key = verify(certificate);
    if (PeerId::from_public_key(key) == expected) return key;
    throw Error(ErrorCode::refused, "another peer answered");
  };
  return out;
}

SessionConfig server_config(PacketSocket& socket, const FirstPacket& first,
                            const Endpoint& remote) {
  SessionConfig out = config_for(socket, remote);
  out.direction = net::Direction::inbound;
  out.verify = verify_any(socket.shared().system);
  out.client_id = first.client_id;
  out.initial_id = first.initial_id;
  out.original_id = first.original_id;
  out.token = first.token;
  return out;
}

}  // namespace shoal::quic
