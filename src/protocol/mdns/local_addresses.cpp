#include "protocol/mdns/local_addresses.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace shoal::mdns {

namespace {

bool begins_with_ip(const Multiaddr& address) {
  const auto components = address.components();
  if (components.empty()) return false;
  const AddressCode first = components.front().code;
  return first == AddressCode::ip4 || first == AddressCode::ip6;
}

std::optional<Multiaddr> with_zone(const NetworkInterface& interface, const Multiaddr& address) {
  try {
    return Multiaddr::parse("/ip6zone/" + std::to_string(interface.index) + address.to_string());
  } catch (const Error&) {
    return std::nullopt;  // as long as an address may be already
  }
}

}  // namespace

bool on_link(const NetworkInterface& interface, const IpAddress& address) {
  const IpAddress plain = address.normalised();
  if (plain.is_link_local()) return true;
  return std::ranges::any_of(interface.addresses,
                             [&plain](const InterfaceAddress& ours) { return ours.covers(plain); });
}

std::vector<Multiaddr> addresses_on(const NetworkInterface& interface,
                                    const std::vector<Multiaddr>& addresses) {
  std::vector<Multiaddr> out;
  for (const Multiaddr& address : addresses) {
    const auto ip = begins_with_ip(address) ? address.ip() : std::nullopt;
    if (!ip || ip->is_loopback()) continue;
    const auto ours = std::ranges::count(interface.addresses, *ip, &InterfaceAddress::address);
    if (ours > 0 && !address.has(AddressCode::p2p_circuit)) out.push_back(address);
  }
  return out;
}

std::optional<Multiaddr> accepted_address(const NetworkInterface& interface,
                                          const Multiaddr& address) {
  if (!begins_with_ip(address) || address.has(AddressCode::p2p_circuit)) return std::nullopt;
  const IpAddress ip = address.ip()->normalised();
  if (ip.is_loopback() || ip.is_multicast() || ip.is_unspecified()) return std::nullopt;
  if (!ip.is_private() && !on_link(interface, ip)) return std::nullopt;
  if (ip.is_v6() && ip.is_link_local()) return with_zone(interface, address);
  return address;
}

}  // namespace shoal::mdns
