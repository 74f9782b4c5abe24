#pragma once

#include <optional>
#include <string>

#include "format/multiaddr.h"

namespace shoal::net::websocket {

/// /ip4|ip6/…/tcp/PORT, then /ws, /tls/ws, /tls/sni/NAME/ws, or /wss, which is /tls/ws.
struct Address {
  Endpoint endpoint;
  bool tls = false;
  std::string server_name = {};  // where there is one

  /// None for an address of another kind. A /p2p at the end does not matter.
  static std::optional<Address> of(const Multiaddr& address);
  Multiaddr multiaddr() const;
  /// For HTTP's Host: the name, or the address, with the port where it is not the usual one.
  std::string host() const;
};

}  // namespace shoal::net::websocket
