#pragma once

#include <optional>
#include <string_view>

#include "base/ip_address.h"
#include "format/multiaddr.h"

namespace shoal::net {

/// How a peer is reached, best first. A punched way is direct, too, but was made by both sides
/// dialling at once through their NATs.
enum class Path { loopback, lan, direct, punched, relay };

/// Of any transport. A name that has to be resolved first counts as direct.
Path path_of(const Multiaddr& remote);
/// "loopback", "lan", "direct", "punched", "relay"
std::string_view name_of(Path path);

/// The address of a listener on one interface: `listened` with `ip` in place of the IP it begins
/// with. None when it does not begin with an IP of that family.
std::optional<Multiaddr> with_ip(const Multiaddr& listened, const IpAddress& ip);

}  // namespace shoal::net
