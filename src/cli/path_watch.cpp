#include "cli/path_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/peer_name.h"

namespace shoal::cli {

std::optional<PeerId> relay_in(const Multiaddr& address) {
  if (!address.has(AddressCode::p2p_circuit)) return std::nullopt;
  return address.decapsulate(Multiaddr::parse("/p2p-circuit")).peer();
}

std::string_view path_to(node::Node& node, const PeerId& peer, const Multiaddr& address) {
  const net::Connection* connection = node.swarm().best(peer);
  return net::name_of(connection != nullptr ? connection->path() : net::path_of(address));
}

PathWatch::PathWatch(node::Node& node, Output& output) : node_(node), output_(output) {
  node_.swarm().add_observer(*this);
  for (const net::Connection* each : node_.swarm().connections().all()) look_at(each->peer());
}

PathWatch::~PathWatch() {
  node_.swarm().remove_observer(*this);
}

void PathWatch::look_at(const PeerId& peer) {
  const net::Connection* best = node_.swarm().best(peer);
  if (best == nullptr) {
    paths_.erase(peer);
    relays_.erase(peer);
    return;
  }
  const std::optional<PeerId> relay = relay_in(best->remote());
  if (relay) {
    relays_.insert_or_assign(peer, *relay);
  } else {
    relays_.erase(peer);
  }
  const net::Path path = best->path();
  const auto known = paths_.find(peer);
  const std::optional<net::Path> before =
      known == paths_.end() ? std::nullopt : std::optional(known->second);
  paths_.insert_or_assign(peer, path);
  const bool is_news = before ? *before != path : path == net::Path::relay;
  if (is_news && !only_relays(peer)) tell(peer, before, path, relay);
}

bool PathWatch::only_relays(const PeerId& peer) const {
  return std::ranges::any_of(relays_, [&](const auto& each) { return each.second == peer; });
}

void PathWatch::tell(const PeerId& peer, std::optional<net::Path> from, net::Path to,
                     const std::optional<PeerId>& via) {
  boost::json::value before = nullptr;
  if (from) before = net::name_of(*from);
  boost::json::value relay = nullptr;
  if (via) relay = via->to_string();
  output_.event({{"event", "path"},
                 {"peer_id", peer.to_string()},
                 {"from", std::move(before)},
                 {"to", net::name_of(to)},
                 {"via", std::move(relay)}});
  if (via) {
    output_.news(
        fmt::format("{} is reached through the relay {}", short_name(peer), short_name(*via)));
  } else if (to == net::Path::punched) {
    output_.news(fmt::format("{} is now reached directly, past its router", short_name(peer)));
  } else {
    output_.news(fmt::format("{} is now reached directly", short_name(peer)));
  }
}

std::string PathWatch::in_a_word() const {
  std::set<PeerId> relays;
  for (const auto& [peer, relay] : relays_) relays.insert(relay);
  std::set<net::Path> kinds;
  for (const auto& [peer, path] : paths_) {
    if (!relays.contains(peer)) kinds.insert(path);
  }
  if (kinds.size() > 1) return kinds.contains(net::Path::relay) ? "some by relay" : "";
  if (kinds.contains(net::Path::relay)) {
    return relays.size() == 1 ? "relay by " + short_name(*relays.begin()) : "relay";
  }
  return kinds.contains(net::Path::punched) ? "punched" : "";
}

}  // namespace shoal::cli
