#include "net/transport/websocket/websocket_address.h"

namespace shoal::net::websocket {

namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

/// What stands behind the port: from the first that is TLS or WebSocket.
Multiaddr suffix_of(const Multiaddr& address) {
  const std::string text = address.to_string();
  for (const char* begin : {"/tls/", "/ws", "/wss"}) {
    const std::size_t at = text.find(begin);
    if (at != std::string::npos) return Multiaddr::parse(text.substr(at));
  }
  return {};
}

bool is_suffix(const std::vector<Multiaddr::Component>& parts) {
  using enum AddressCode;
  if (parts.size() == 1) return parts[0].code == ws || parts[0].code == wss;
  if (parts.size() == 2) return parts[0].code == tls && parts[1].code == ws;
  return parts.size() == 3 && parts[0].code == tls && parts[1].code == sni && parts[2].code == ws;
}

}  // namespace

std::optional<Address> Address::of(const Multiaddr& address) {
  const Multiaddr bare = address.without_peer();
  const bool ends_well = bare.has(AddressCode::ws) || bare.has(AddressCode::wss);
  if (!ends_well) return std::nullopt;
  const Multiaddr suffix = suffix_of(bare);
  const auto parts = suffix.components();
  if (!is_suffix(parts)) return std::nullopt;
  const auto endpoint = bare.decapsulate(suffix).tcp_endpoint();
  if (!endpoint) return std::nullopt;
  Address out{.endpoint = *endpoint, .tls = parts.front().code != AddressCode::ws};
  if (parts.size() == 3) out.server_name = as_text(parts[1].value);
  return out;
}

Multiaddr Address::multiaddr() const {
  std::string text = Multiaddr::tcp(endpoint).to_string() + (tls ? "/tls" : "");
  if (!server_name.empty()) text += "/sni/" + server_name;
  return Multiaddr::parse(text + "/ws");
}

std::string Address::host() const {
  if (server_name.empty()) return endpoint.to_string();
  if (endpoint.port == (tls ? kHttpsPort : kHttpPort)) return server_name;
  return server_name + ":" + std::to_string(endpoint.port);
}

}  // namespace shoal::net::websocket
