#include "library/peers.h"

#include <algorithm>
#include <utility>

namespace shoal::library {

Peers::Peers(node::Node& node, UncaughtPtr uncaught, Admits allow)
    : node_(node), uncaught_(std::move(uncaught)), allow_(std::move(allow)) {
  node_.swarm().when_admitting([this](const PeerId& peer) { return admits(peer); });
  node_.swarm().add_observer(*this);
  node_.identify().when_identified([this](const PeerId& peer) {
    if (const auto* connection = node_.swarm().best(peer)) {
      tell(PeerEvent::Kind::identified, *connection);
    }
  });
}

Peers::~Peers() {
  node_.swarm().remove_observer(*this);
}

std::vector<PeerInfo> Peers::all() const {
  std::vector<PeerInfo> out;
  for (const net::Connection* connection : node_.swarm().connections().all()) {
    if (node_.swarm().best(connection->peer()) == connection) out.push_back(describe(*connection));
  }
  std::ranges::sort(out, {}, &PeerInfo::peer_id);
  return out;
}

PeerInfo Peers::describe(const net::Connection& connection) const {
  const net::PeerStore& store = node_.swarm().peers();
  const PeerId& peer = connection.peer();
  const auto* protocols = store.protocols(peer);
  return {.peer_id = peer.to_string(),
          .address = connection.remote().to_string(),
          .agent = store.agent(peer),
          .protocols = protocols != nullptr ? *protocols : std::vector<std::string>{},
          .round_trip = connection.round_trip()};
}

void Peers::deny(const PeerId& peer) {
  denied_.insert(peer);
  node_.swarm().disconnect(peer);
}

bool Peers::admits(const PeerId& peer) const {
  if (denied_.contains(peer)) return false;
  if (!allow_) return true;
  try {
    return allow_(peer.to_string());
  } catch (...) {
    uncaught_->report_current("NodeOptions::allow");
  }
  return false;
}

void Peers::connected(net::Connection& connection) {
  if (++connections_[connection.peer()] == 1) tell(PeerEvent::Kind::connected, connection);
}

void Peers::disconnected(net::Connection& connection) {
  const auto found = connections_.find(connection.peer());
  if (found == connections_.end() || --found->second > 0) return;
  connections_.erase(found);
  tell(PeerEvent::Kind::gone, connection);
}

void Peers::tell(PeerEvent::Kind kind, const net::Connection& connection) const {
  if (!events_.empty()) events_.notify({.kind = kind, .peer = describe(connection)});
}

}  // namespace shoal::library
