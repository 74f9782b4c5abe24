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
}

PathWatch::~PathWatch() {
  node_.swarm().remove_observer(*this);
}

void PathWatch::tick() {
  std::map<PeerId, net::Path> now;
  std::map<PeerId, PeerId> relays;  // by whom they relay for
  for (const net::Connection* each : node_.swarm().connections().all()) {
    const net::Connection* best = node_.swarm().best(each->peer());
    if (best == nullptr) continue;
    now.insert_or_assign(best->peer(), best->path());
    if (const auto relay = relay_in(best->remote())) {
      relays.insert_or_assign(best->peer(), *relay);
    }
  }
  // Who only relays is no party to what goes on.
  for (const auto& [peer, relay] : relays) now.erase(relay);
  for (const auto& [peer, path] : now) {
    const auto before = paths_.find(peer);
    const bool is_new = before == paths_.end();
    if (is_new ? path != net::Path::relay : before->second == path) continue;
    const auto via = relays.find(peer);
    tell(peer, is_new ? std::nullopt : std::optional(before->second), path,
         via == relays.end() ? std::nullopt : std::optional(via->second));
  }
  paths_ = std::move(now);
  relays_.clear();
  for (const auto& [peer, relay] : relays) relays_.insert(relay);
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
  std::set<net::Path> kinds;
  for (const auto& [peer, path] : paths_) kinds.insert(path);
  if (kinds.size() > 1) return kinds.contains(net::Path::relay) ? "some by relay" : "";
  if (kinds.contains(net::Path::relay)) {
    return relays_.size() == 1 ? "relay by " + short_name(*relays_.begin()) : "relay";
  }
  return kinds.contains(net::Path::punched) ? "punched" : "";
}

}  // namespace shoal::cli
