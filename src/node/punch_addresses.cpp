#include "node/punch_addresses.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "net/transport/quic/quic_address.h"

namespace shoal::node {

namespace {

/// What few peers say may be wrong, or meant to be.
constexpr std::size_t kMaxObserved = 4;
/// A NAT that takes ports in order has given so many others in between, at most, and so many of the
/// next ones are guessed.
constexpr int kMaxSpread = 64;
constexpr int kNextPorts = 6;

/// A place by TCP or by QUIC.
struct Place {
  bool quic;
  Endpoint at;

  Multiaddr address() const { return quic ? quic::quic_address(at) : Multiaddr::tcp(at); }
};

std::optional<Place> place_of(const Multiaddr& address) {
  if (const auto tcp = address.tcp_endpoint()) return Place{.quic = false, .at = *tcp};
  if (const auto quic = quic::quic_endpoint(address)) return Place{.quic = true, .at = *quic};
  return std::nullopt;
}

using Ports = std::set<std::pair<bool, std::uint16_t>>;  // of QUIC or of TCP

Ports listening_ports(const std::vector<Multiaddr>& addresses) {
  Ports out;
  for (const Multiaddr& address : addresses) {
    if (const auto place = place_of(address)) out.emplace(place->quic, place->at.port);
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

/// Where peers see what comes from ports that are listened on, and how many do.
std::map<Multiaddr, std::size_t> seen_addresses(const net::Swarm& swarm,
                                                const identify::Identify& identify,
                                                const Ports& ports) {
  std::map<Multiaddr, std::size_t> out;
  for (const auto& [peer, observed] : identify.observed()) {
    const net::Connection* connection = swarm.connections().best(peer);
    if (connection == nullptr || connection->path() == net::Path::relay) continue;
    const auto from = place_of(connection->local());
    if (place_of(observed) && from && ports.contains({from->quic, from->at.port})) ++out[observed];
  }
  return out;
}

/// Where one place is seen by different ports, the NAT takes another one for each peer. Where it
/// takes them in order, these are the next.
std::vector<Multiaddr> next_ports(const std::map<Multiaddr, std::size_t>& seen) {
  std::map<std::pair<bool, IpAddress>, std::set<std::uint16_t>> ports;
  for (const auto& [address, count] : seen) {
    const auto place = place_of(address);
    ports[{place->quic, place->at.address}].insert(place->at.port);
  }
  std::vector<Multiaddr> out;
  for (const auto& [from, taken] : ports) {
    const int spread = *taken.rbegin() - *taken.begin();
    if (taken.size() < 2 || spread > kMaxSpread) continue;
    for (int port = *taken.rbegin() + 1; port <= *taken.rbegin() + kNextPorts; ++port) {
      if (port > 0xffff) break;
      const Place next{.quic = from.first,
                       .at = {.address = from.second, .port = static_cast<std::uint16_t>(port)}};
      out.push_back(next.address());
    }
  }
  return out;
}

}  // namespace

std::vector<Multiaddr> plain_punch_addresses(const net::Swarm& swarm,
                                             const identify::Identify& identify) {
  const std::vector<Multiaddr> listened = swarm.listen_addresses();
  std::vector<Multiaddr> out =
      most_often(seen_addresses(swarm, identify, listening_ports(listened)));
  for (const Multiaddr& address : listened) {
    const net::Path path = net::path_of(address);
    if (path != net::Path::relay && path != net::Path::loopback) out.push_back(address);
  }
  return out;
}

dcutr::Message::Mapping mapping_of_nat(const net::Swarm& swarm,
                                       const identify::Identify& identify) {
  using enum dcutr::Message::Mapping;
  // By where it comes from: how often it was seen, and where.
  std::map<std::pair<bool, Endpoint>, std::pair<std::size_t, std::set<Endpoint>>> seen;
  for (const auto& [peer, observed] : identify.observed()) {
    const net::Connection* connection = swarm.connections().best(peer);
    const auto place = place_of(observed);
    const bool from_outside = connection != nullptr && place && !place->at.address.is_v6() &&
                              connection->path() == net::Path::direct &&
                              connection->direction() == net::Direction::outbound;
    if (!from_outside) continue;
    if (const auto from = place_of(connection->local())) {
      auto& [count, places] = seen[{from->quic, from->at}];
      ++count;
      places.insert(place->at);
    }
  }
  dcutr::Message::Mapping out = unknown;
  for (const auto& [from, what] : seen) {
    if (what.second.size() > 1) return one_for_each;
    if (what.first > 1) out = same_for_all;
  }
  return out;
}

std::vector<Multiaddr> punch_addresses(const net::Swarm& swarm,
                                       const identify::Identify& identify) {
  const std::vector<Multiaddr> listened = swarm.listen_addresses();
  const Ports ports = listening_ports(listened);
  const std::map<Multiaddr, std::size_t> seen = seen_addresses(swarm, identify, ports);
  std::map<Multiaddr, std::size_t> guessed;
  for (const auto& [peer, observed] : identify.observed()) {
    const net::Connection* connection = swarm.connections().best(peer);
    const auto place = place_of(observed);
    if (connection == nullptr || connection->path() == net::Path::relay || !place) continue;
    for (const auto& [quic, port] : ports) {
      const Place guess{.quic = quic, .at = {.address = place->at.address, .port = port}};
      ++guessed[guess.address()];
    }
  }
  std::vector<Multiaddr> out;
  const auto add = [&out](const Multiaddr& address) {
    const net::Path path = net::path_of(address);
    const bool leads_here = path != net::Path::relay && path != net::Path::loopback;
    if (leads_here && std::ranges::find(out, address) == out.end()) out.push_back(address);
  };
  std::ranges::for_each(most_often(seen), add);
  std::ranges::for_each(next_ports(seen), add);
  std::ranges::for_each(most_often(guessed), add);
  std::ranges::for_each(listened, add);
  return out;
}

}  // namespace shoal::node
