#include "service/link_addresses.h"

#include <algorithm>
#include <set>

namespace shoal::service {

namespace {

/// The network that an address belongs to, as far as its bytes tell: a /24 of IPv4, a /64 of IPv6.
Bytes network_of(const IpAddress& address) {
  const std::size_t bytes = address.is_v6() ? 8 : 3;
  return to_bytes(address.bytes().first(bytes));
}

std::vector<Multiaddr> one_for_each_network(const std::vector<Multiaddr>& addresses) {
  const auto is_local = [](const Multiaddr& at) { return reach_of(at) == Reach::this_machine; };
  const bool only_local = std::ranges::all_of(addresses, is_local);
  std::vector<Multiaddr> out;
  std::set<Bytes> networks;
  bool has_private_v4 = false;
  for (const Multiaddr& address : addresses) {
    if (out.size() == kMaxLinkAddresses) break;
    if (!only_local && is_local(address)) continue;
    const auto ip = address.ip();
    if (ip && !networks.insert(network_of(*ip)).second) continue;
    const bool is_private = reach_of(address) == Reach::this_network;
    // Who is in the network has the IPv4 address, too, which is shorter.
    if (ip && ip->is_v6() && (is_private || only_local) && has_private_v4) continue;
    has_private_v4 |= ip && !ip->is_v6() && (is_private || only_local);
    out.push_back(address);
  }
  return out;
}

}  // namespace

Reach reach_of(const Multiaddr& address) {
  const auto ip = address.ip();
  if (!ip) return Reach::anywhere;
  if (ip->is_loopback()) return Reach::this_machine;
  return ip->is_private() || ip->is_link_local() ? Reach::this_network : Reach::anywhere;
}

std::vector<Multiaddr> link_addresses(const std::vector<Multiaddr>& addresses) {
  std::vector<Multiaddr> quic;
  std::vector<Multiaddr> others;
  for (const Multiaddr& address : addresses) {
    (address.has(AddressCode::quic_v1) ? quic : others).push_back(address);
  }
  std::vector<Multiaddr> out = one_for_each_network(others);
  const std::vector<Multiaddr> by_quic = one_for_each_network(quic);
  // One by QUIC is enough for whom TCP does not reach.
  const std::size_t most =
      out.empty() ? kMaxLinkAddresses : std::min(out.size() + 1, kMaxLinkAddresses);
  for (const Multiaddr& address : by_quic) {
    if (out.size() < most) out.push_back(address);
  }
  return out;
}

}  // namespace shoal::service
