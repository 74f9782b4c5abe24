#include "net/resources/ip_prefix.h"

#include <algorithm>
#include <array>

namespace shoal::net {

std::optional<IpAddress> ip_prefix_of(const Multiaddr& remote) {
  const std::optional<IpAddress> ip = remote.ip();
  if (!ip) return std::nullopt;
  const IpAddress address = ip->normalised();
  if (!address.is_v6()) return address;
  std::array<std::uint8_t, 16> network{};
  std::ranges::copy(address.bytes().first(8), network.begin());
  return IpAddress::v6(network);
}

bool is_this_machine(const IpAddress& prefix) {
  static const IpAddress kV4 = IpAddress::v4({127, 0, 0, 1});
  static const IpAddress kV6 = IpAddress::v6({});  // the prefix of ::1
  return prefix == kV4 || prefix == kV6;
}

}  // namespace shoal::net
