#pragma once

#include <optional>

#include "base/ip_address.h"
#include "format/multiaddr.h"

namespace shoal::net {

/// Whom to count a connection against: an IPv4 address, or the /64 of an IPv6 one, since who has
/// one address of it mostly has them all. None where there is no such thing.
std::optional<IpAddress> site_of(const Multiaddr& remote);

/// The programs of this machine share it: none is answerable for the others, and no site limit
/// holds.
bool is_this_machine(const IpAddress& site);

}  // namespace shoal::net
