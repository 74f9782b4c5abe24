#include "system/os/interfaces.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include "base/error.h"

namespace shoal::os {

namespace {

/// The kernel's structures are read by copies: they lie at any alignment.
template <class Address>
Address copy_of(const sockaddr& address) {
  Address out{};
  std::memcpy(&out, &address, sizeof out);
  return out;
}

std::optional<IpAddress> interface_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto four = copy_of<sockaddr_in>(address);
    return IpAddress::v4(std::bit_cast<std::array<std::uint8_t, 4>>(four.sin_addr));
  }
  if (address.sa_family == AF_INET6) {
    const auto six = copy_of<sockaddr_in6>(address);
    const auto bytes = std::bit_cast<std::array<std::uint8_t, 16>>(six.sin6_addr);
    const bool scoped = IpAddress::v6(bytes).is_link_local();
    return IpAddress::v6(bytes, scoped ? six.sin6_scope_id : 0);
  }
  return std::nullopt;
}

/// The ones that a netmask begins with; an address without one is a network of its own.
std::uint8_t prefix_bits(const sockaddr* mask, const IpAddress& address) {
  const auto all = static_cast<std::uint8_t>(address.bytes().size() * 8);
  if (mask == nullptr) return all;
  const auto bytes = interface_address(*mask);
  if (!bytes || bytes->is_v6() != address.is_v6()) return all;
  int ones = 0;
  for (const std::uint8_t each : bytes->bytes()) {
    ones += std::countl_one(each);
    if (each != 0xff) break;
  }
  return static_cast<std::uint8_t>(ones);
}

void set_flags(NetworkInterface& interface, unsigned flags) {
  interface.up = (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) != 0;
  interface.loopback = (flags & IFF_LOOPBACK) != 0;
  interface.point_to_point = (flags & IFF_POINTOPOINT) != 0;
  interface.multicast = (flags & IFF_MULTICAST) != 0;
}

}  // namespace

std::vector<NetworkInterface> list_interfaces() {
  ifaddrs* head = nullptr;
  if (::getifaddrs(&head) != 0) {
    throw Error(ErrorCode::io, "the kernel does not tell this host's addresses");
  }
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list(head, ::freeifaddrs);
  std::map<std::uint32_t, NetworkInterface> found;
  for (const ifaddrs* each = head; each != nullptr; each = each->ifa_next) {
    const std::uint32_t index = ::if_nametoindex(each->ifa_name);
    if (index == 0) continue;  // it has gone meanwhile, or the name is an alias's
    NetworkInterface& interface = found[index];
    interface.index = index;
    interface.name = each->ifa_name;
    set_flags(interface, each->ifa_flags);
    const auto address = each->ifa_addr ? interface_address(*each->ifa_addr) : std::nullopt;
    if (!address) continue;
    interface.addresses.push_back({*address, prefix_bits(each->ifa_netmask, *address)});
  }
  std::vector<NetworkInterface> out;
  for (auto& [index, interface] : found) {
    std::ranges::sort(interface.addresses);
    out.push_back(std::move(interface));
  }
  return out;
}

}  // namespace shoal::os
