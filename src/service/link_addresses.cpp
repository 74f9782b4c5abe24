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

}  // namespace

Reach reach_of(const Multiaddr& address) {
  const auto ip = address.ip();
  if (!ip) return Reach::anywhere;
  if (ip->is_loopback()) return Reach::this_machine;
  return ip->is_private() || ip->is_link_local() ? Reach::this_network : Reach::anywhere;
}

namespace {

/// One for each network.
std::vector<Multiaddr> fewest(const std::vector<Multiaddr>& addresses, std::size_t most) {
  const auto is_local = [](const Multiaddr& at) { return reach_of(at) == Reach::this_machine; };
  const bool only_local = std::ranges::all_of(addresses, is_local);
  std::vector<Multiaddr> out;
  std::set<Bytes> networks;
  bool has_private_v4 = false;
  for (const Multiaddr& address : addresses) {
    if (out.size() == most) break;
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

bool is_in_tls(const Multiaddr& address) {
  return address.has(AddressCode::tls) || address.has(AddressCode::wss);
}

bool is_web(const Multiaddr& address) {
  return address.has(AddressCode::ws) || address.has(AddressCode::wss);
}

}  // namespace

std::vector<Multiaddr> link_addresses(const std::vector<Multiaddr>& addresses) {
  std::vector<Multiaddr> relayed, quic, web, others;
  for (const Multiaddr& address : addresses) {
    if (address.has(AddressCode::p2p_circuit)) {
      relayed.push_back(address);
    } else if (address.has(AddressCode::quic_v1)) {
      quic.push_back(address);
    } else {
      (is_web(address) ? web : others).push_back(address);
    }
  }
  std::ranges::stable_partition(web, is_in_tls);
  // One of another kind is enough for whom TCP does not reach.
  const std::vector<Multiaddr> by_relay = fewest(relayed, kMaxRelayedLinkAddresses);
  std::size_t left = kMaxLinkAddresses - by_relay.size();
  const std::vector<Multiaddr> by_quic = fewest(quic, others.empty() ? left : 1);
  left -= by_quic.size();
  const std::size_t for_tcp = others.empty() ? 0 : 1;
  const std::vector<Multiaddr> by_web = fewest(web, left > for_tcp ? 1 : 0);
  left -= by_web.size();
  std::vector<Multiaddr> out = fewest(others, left);
  for (const auto* more : {&by_quic, &by_web, &by_relay}) {
    out.insert(out.end(), more->begin(), more->end());
  }
  return out;
}

}  // namespace shoal::service
