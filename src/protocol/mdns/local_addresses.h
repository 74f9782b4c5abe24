#pragma once

#include <optional>
#include <vector>

#include "format/multiaddr.h"
#include "system/network.h"

namespace shoal::mdns {

/// Which addresses may be said and believed on one interface. Sans-I/O.

/// Whether `address` is of a network that the interface is in, or link-local.
bool on_link(const NetworkInterface& interface, const IpAddress& address);

/// Those of `addresses` that the interface itself has.
std::vector<Multiaddr> addresses_on(const NetworkInterface& interface,
                                    const std::vector<Multiaddr>& addresses);

/// What may be dialled of an address that somebody announced on the interface: a private,
/// link-local or on-link IP address, not through a relay. Link-local IPv6 ones get the interface as
/// their zone. None for anything else: whoever answers could send us to any host of the internet.
std::optional<Multiaddr> accepted_address(const NetworkInterface& interface,
                                          const Multiaddr& address);

}  // namespace shoal::mdns
