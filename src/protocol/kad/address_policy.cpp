#include "protocol/kad/address_policy.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace shoal::kad {

namespace {

/// Blocks that nobody on the internet has: "this network", those kept for later, broadcast.
bool is_unassigned(const IpAddress& given) {
  const IpAddress ip = given.normalised();
  if (ip.is_v6()) return false;
  return ip.bytes()[0] == 0 || ip.bytes()[0] >= 240;
}

std::optional<IpAddress> ip_of(const Multiaddr::Component& component) {
  if (component.code == AddressCode::ip4 && component.value.size() == 4) {
    std::array<std::uint8_t, 4> bytes{};
    std::ranges::copy(component.value, bytes.begin());
    return IpAddress::v4(bytes);
  }
  if (component.code == AddressCode::ip6 && component.value.size() == 16) {
    std::array<std::uint8_t, 16> bytes{};
    std::ranges::copy(component.value, bytes.begin());
    return IpAddress::v6(bytes);
  }
  return std::nullopt;
}

bool names_a_host(AddressCode code) {
  return code == AddressCode::dns || code == AddressCode::dns4 || code == AddressCode::dns6 ||
         code == AddressCode::dnsaddr;
}

}  // namespace

bool AddressPolicy::allows(const IpAddress& ip) const {
  if (ip.is_unspecified() || ip.is_multicast() || is_unassigned(ip)) return false;
  if (ip.is_loopback()) return allows_loopback_;
  return scope_ == Scope::lan || !ip.is_private();
}

bool AddressPolicy::allows(const Multiaddr& address) const {
  bool has_ip = false;
  for (const Multiaddr::Component& component : address.components()) {
    if (names_a_host(component.code)) return false;
    const auto ip = ip_of(component);
    if (!ip) continue;
    if (!allows(*ip)) return false;
    has_ip = true;
  }
  return has_ip;
}

std::vector<Multiaddr> AddressPolicy::allowed(const std::vector<Multiaddr>& addresses) const {
  std::vector<Multiaddr> out;
  std::ranges::copy_if(addresses, std::back_inserter(out),
                       [this](const Multiaddr& address) { return allows(address); });
  return out;
}

}  // namespace shoal::kad
