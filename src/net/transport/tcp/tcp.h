#pragma once

#include <memory>

#include "net/transport/transport.h"
#include "net/upgrade.h"
#include "system/system.h"

namespace shoal::net {

/// /ip4|ip6/…/tcp/PORT; names have been resolved before. Borrows both for its life.
std::unique_ptr<Transport> make_tcp_transport(System& system, Upgrader& upgrader);

}  // namespace shoal::net
