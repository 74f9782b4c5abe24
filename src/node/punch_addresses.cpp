#include "node/punch_addresses.h"

#include <algorithm>
#include <map>
#include <set>

namespace shoal::node {

namespace {

/// What few peers say may be wrong, or meant to be.
constexpr std::size_t kMaxObserved = 4;

std::set<std::uint16_t> listening_ports(const std::vector<Multiaddr>& addresses) {
  std::set<std::uint16_t> out;
  for (const Multiaddr& address : addresses) {
    if (const auto endpoint = address.tcp_endpoint()) out.insert(endpoint->port);
  }
  return out;
}

std::vector<Multiaddr> most_often(const std::map<Multiaddr, std::size_t>& counts) {
  std::vector<Multiaddr> out;
  for (const auto& [address, count] : counts) out.push_back(address);
  std::ranges::stable_sort(out, std::greater{},
                           [&](const Multiaddr& address) { return counts.at(address); });
  if (out.size() > kMaxObserved) out.resize(kMaxObserved);
  return out;
}

}  // namespace

std::vector<Multiaddr> punch_addresses(const net::Swarm& swarm,
                                       const identify::Identify& identify) {
  const std::vector<Multiaddr> listened = swarm.listen_addresses();
  const std::set<std::uint16_t> ports = listening_ports(listened);
  std::map<Multiaddr, std::size_t> seen, guessed;
  for (const auto& [peer, observed] : identify.observed()) {
    const net::Connection* connection = swarm.connections().best(peer);
    const auto at = observed.tcp_endpoint();
    if (connection == nullptr || connection->path() == net::Path::relay || !at) continue;
    const auto from = connection->local().tcp_endpoint();
    if (from && ports.contains(from->port)) ++seen[observed];
    for (const std::uint16_t port : ports) ++guessed[Multiaddr::tcp({at->address, port})];
  }
  std::vector<Multiaddr> out;
  const auto add = [&out](const Multiaddr& address) {
    const net::Path path = net::path_of(address);
    const bool leads_here = path != net::Path::relay && path != net::Path::loopback;
    if (leads_here && std::ranges::find(out, address) == out.end()) out.push_back(address);
  };
  std::ranges::for_each(most_often(seen), add);
  std::ranges::for_each(most_often(guessed), add);
  std::ranges::for_each(listened, add);
  return out;
}

}  // namespace shoal::node
