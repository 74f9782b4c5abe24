#pragma once

#include <optional>

#include "base/ip_address.h"
#include "format/multiaddr.h"

namespace shoal::net {

/// The IP prefix that a connection counts against: an IPv4 address, or the /64 of an IPv6 one,
/// since who has one address of it mostly has them all. Of any transport; of a relayed connection
/// the relay's. None for an address without an IP.
std::optional<IpAddress> ip_prefix_of(const Multiaddr& remote);

/// Programs of this machine share a prefix: no limit by prefix holds for them, since none is
/// answerable for the others.
bool is_this_machine(const IpAddress& prefix);

}  // namespace shoal::net
