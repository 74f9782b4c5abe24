#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "net/transport/quic/quic_muxer.h"
#include "system/sim/world.h"

namespace shoal::quic::testing {

inline crypto::PrivateKey identity_of(std::size_t index) {
  return crypto::PrivateKey::ed25519_from_seed(Bytes(32, static_cast<std::uint8_t>(index + 1)));
}

inline std::shared_ptr<const Credentials> make_credentials(const crypto::PrivateKey& identity,
                                                           Random& random) {
  return Credentials::make(identity, [&random](MutableBytes out) { random.fill(out); });
}

/// One node's end of QUIC on a simulated host: a socket at port 4001, without swarm and transport.
class QuicEnd {
 public:
  static constexpr std::uint16_t kPort = 4001;

  /// `ready`: null to make credentials.
  explicit QuicEnd(sim::Host& host, std::shared_ptr<const Credentials> ready = nullptr)
      : system(host.system()),
        identity(identity_of(host.index())),
        id(PeerId::from_public_key(identity.public_key())),
        address{host.address(), kPort},
        unlimited(system.clock, 0),
        gate(system),
        shared{.system = system,
               .credentials = ready ? std::move(ready) : make_credentials(identity, system.random),
               .gate = gate,
               .bandwidth = {unlimited, unlimited}},
        socket(shared, system.network.bind({IpAddress::any_v4(), kPort}, {.batches = true})) {
    socket.set_accepting(true);
    socket.start();
  }

  System& system;
  const crypto::PrivateKey identity;
  const PeerId id;
  const Endpoint address;
  RateLimit unlimited;
  net::HandshakeLimiter gate;
  Shared shared;
  PacketSocket socket;
};

inline Task<void> upgrade_next(PacketSocket& socket, std::optional<net::Link>& into) {
  std::unique_ptr<QuicIncoming> incoming = co_await socket.accept();
  into.emplace(co_await incoming->upgrade());
}

}  // namespace shoal::quic::testing
