#pragma once

#include <memory>

#include "net/transport/transport.h"
#include "net/upgrade.h"
#include "system/system.h"

namespace shoal::net {

/// /ip4|ip6/…/tcp/PORT/ws, and /tls/ws or /wss (libp2p/specs websockets): for where only HTTP or
/// HTTPS gets through. Inside, all is as by TCP. Names have been resolved before. Borrows both for
/// its life.
std::unique_ptr<Transport> make_websocket_transport(System& system, Upgrader& upgrader);

}  // namespace shoal::net
