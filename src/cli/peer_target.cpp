#include "cli/peer_target.h"

#include <fmt/format.h>

#include "base/error.h"
#include "system/timeout.h"

namespace shoal::cli {

namespace {

constexpr Duration kAddressLifetime = 24h;

Task<void> find_and_connect(node::Node& node, PeerId peer) {
  auto& swarm = node.swarm();
  if (swarm.best(peer) != nullptr) co_return;
  if (swarm.peers().addresses(peer).empty()) co_await node.routing().find_peer(peer);
  if (swarm.best(peer) == nullptr && swarm.peers().addresses(peer).empty()) {
    throw Error(ErrorCode::unreachable,
                "no address of this peer was found " + node.routing().where(), peer.to_string(),
                "give one with the id, as in /ip4/192.0.2.7/tcp/4001/p2p/" + peer.to_string());
  }
  co_await swarm.connect(peer);
}

}  // namespace

PeerTarget parse_peer_target(const std::string& text) {
  std::string reason;
  try {
    if (!text.starts_with('/')) return {.peer = PeerId::parse(text), .address = std::nullopt};
    Multiaddr address = Multiaddr::parse(text);
    if (const auto peer = address.peer()) return {.peer = *peer, .address = std::move(address)};
  } catch (const Error& error) {
    reason = ": " + error.message();
  }
  throw Error(ErrorCode::usage, fmt::format("'{}' names no peer{}", text, reason), {},
              "give an address that ends in /p2p/ID, or an id");
}

Task<void> reach(Session& session, node::Node& node, PeerTarget target) {
  if (target.address && !target.address->without_peer().empty()) {
    node.swarm().peers().add_address(target.peer, target.address->without_peer(),
                                     net::AddressSource::given_by_user, kAddressLifetime);
  }
  Task<void> connecting = find_and_connect(node, target.peer);
  if (const auto limit = session.options().timeout) {
    co_await within(session.system().clock, *limit, std::move(connecting), "connecting");
  } else {
    co_await std::move(connecting);
  }
}

}  // namespace shoal::cli
