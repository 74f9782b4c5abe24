#pragma once

#include <vector>

#include "format/multiaddr.h"
#include "net/swarm/swarm.h"
#include "protocol/dcutr/dcutr_message.h"
#include "protocol/identify/identify.h"

namespace shoal::node {

/// Where this node may be reached through a NAT, the most likely first: where peers see connections
/// that it made from the port that it listens on, by how many of them; the next ports, where they
/// see it by several close to each other; the IP that peers see it at with that port; then the
/// addresses of its interfaces. Without loopback, relays and /p2p.
std::vector<Multiaddr> punch_addresses(const net::Swarm& swarm, const identify::Identify& identify);

/// The first of these alone, as DCUtR without more has them; for comparisons.
std::vector<Multiaddr> plain_punch_addresses(const net::Swarm& swarm,
                                             const identify::Identify& identify);

/// Whether the NAT shows several peers one port, or each another one.
dcutr::Message::Mapping mapping_of_nat(const net::Swarm& swarm, const identify::Identify& identify);

}  // namespace shoal::node
