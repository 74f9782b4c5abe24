#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "base/ip_address.h"
#include "protocol/portmap/gateway.h"
#include "system/system.h"

namespace shoal::portmap {

/// Bounds on what a device of the local network can cost: answers to a search that are looked at,
/// and those of routers among them; how long the first is awaited, and others after it; the time
/// of one request.
inline constexpr int kUpnpMaxAnswers = 32;
inline constexpr std::size_t kUpnpMaxRouters = 4;
inline constexpr Duration kUpnpSearchTime = 2s;
inline constexpr Duration kUpnpOthersTime = 300ms;
inline constexpr Duration kUpnpRequestTime = 3s;
/// Ports that are tried when the wanted one is another program's.
inline constexpr int kUpnpPortTries = 4;

/// Looks for a router in the network of `own`, an address of this host, and asks it what it
/// forwards. A router is believed only about itself: the places that it names must be at the
/// address that it answered from, which must be in `own`'s network. Of several, `router` is asked
/// first. Throws Error{not_found} when none forwards. Borrows `system` for its life.
Task<std::unique_ptr<Gateway>> find_upnp_gateway(System& system, IpAddress own,
                                                 std::optional<IpAddress> router);

}  // namespace shoal::portmap
