#include "net/site.h"

#include <algorithm>
#include <array>

namespace shoal::net {

std::optional<IpAddress> site_of(const Multiaddr& remote) {
  const auto endpoint = remote.tcp_endpoint();
  if (!endpoint) return std::nullopt;
  const IpAddress address = endpoint->address.normalised();
  if (!address.is_v6()) return address;
  std::array<std::uint8_t, 16> network{};
  std::ranges::copy(address.bytes().first(8), network.begin());
  return IpAddress::v6(network);
}

bool is_this_machine(const IpAddress& site) {
  static const IpAddress kV4 = IpAddress::v4({127, 0, 0, 1});
  static const IpAddress kV6 = IpAddress::v6({});  // the site of ::1
  return site == kV4 || site == kV6;
}

}  // namespace shoal::net
