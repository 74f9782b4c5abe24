#pragma once

#include <vector>

#include "format/multiaddr.h"

namespace shoal::service {

/// The fewest of a node's addresses that let others reach it, in their order: no loopback beside
/// others, one for each network that it is in, one by QUIC and one by WebSocket, then one for each
/// network that its relays are in. At most kMaxLinkAddresses, kMaxRelayedLinkAddresses of them
/// through relays.
inline constexpr std::size_t kMaxLinkAddresses = 4;
inline constexpr std::size_t kMaxRelayedLinkAddresses = 2;
std::vector<Multiaddr> link_addresses(const std::vector<Multiaddr>& addresses);

/// Where an address leads at most.
enum class Reach { this_machine, this_network, anywhere };
/// Names and whatever else has no IP address count as reachable from anywhere.
Reach reach_of(const Multiaddr& address);

}  // namespace shoal::service
