#pragma once

#include <compare>
#include <cstddef>
#include <optional>

#include "base/ip_address.h"
#include "format/multiaddr.h"

namespace shoal::kad {

/// Addresses that one party can have many of: an IPv4 /16 or an IPv6 /32. What quotas and the
/// diversity of the routing table count by, since peer ids cost nothing.
class IpGroup {
 public:
  static constexpr std::size_t kV4PrefixBytes = 2;
  static constexpr std::size_t kV6PrefixBytes = 4;

  static IpGroup of(const IpAddress& address);
  /// None for an address without an IP address, such as one that begins with a name.
  static std::optional<IpGroup> of(const Multiaddr& address);

  /// The first address of the group.
  const IpAddress& network() const { return network_; }
  /// Loopback, private or link-local.
  bool is_local() const { return local_; }

  bool operator==(const IpGroup&) const = default;
  auto operator<=>(const IpGroup&) const = default;

 private:
  IpGroup(IpAddress network, bool local) : network_(network), local_(local) {}
  IpAddress network_;
  bool local_;
};

/// An IP address of 4 or 16 bytes, as it is saved. Throws Error{malformed}.
IpAddress ip_of_bytes(ByteView bytes);

/// Whether an address means something outside of one site: a public IP address or a name first in
/// it. The public DHT neither keeps nor hands out others.
bool is_public(const Multiaddr& address);

}  // namespace shoal::kad
