#include "net/transport/quic/quic_address.h"

#include <string>

namespace shoal::quic {

namespace {

Multiaddr tcp(std::uint16_t port) {
  return Multiaddr::parse("/tcp/" + std::to_string(port));
}

Multiaddr udp_quic(std::uint16_t port) {
  return Multiaddr::parse("/udp/" + std::to_string(port) + "/quic-v1");
}

}  // namespace

Multiaddr quic_address(const Endpoint& endpoint) {
  return Multiaddr::tcp(endpoint)
      .decapsulate(tcp(endpoint.port))
      .encapsulate(udp_quic(endpoint.port));
}

std::optional<Endpoint> quic_endpoint(const Multiaddr& address) {
  const Multiaddr bare = address.without_peer();
  for (const auto& part : bare.components()) {
    if (part.code != AddressCode::udp) continue;
    if (part.value.size() != 2) return std::nullopt;
    const auto port = static_cast<std::uint16_t>(part.value[0] << 8 | part.value[1]);
    const Multiaddr rest = bare.decapsulate(udp_quic(port));
    // Nothing may stand behind it, such as /webtransport.
    if (rest.empty() || rest.encapsulate(udp_quic(port)) != bare) return std::nullopt;
    return rest.encapsulate(tcp(port)).tcp_endpoint();
  }
  return std::nullopt;
}

}  // namespace shoal::quic
