#pragma once

#include <memory>

#include "net/transport/transport.h"
#include "net/upgrade.h"
#include "system/system.h"

namespace shoal::net {

/// /ip4|ip6/…/tcp/PORT/ws (libp2p/specs websockets): for where only HTTP gets through. Inside, all
/// is as by TCP. Names have been resolved before. Borrows both for its life.
std::unique_ptr<Transport> make_websocket_transport(System& system, Upgrader& upgrader);

}  // namespace shoal::net
