#include "node/own_addresses.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "net/path.h"
#include "net/transport/quic/quic.h"
#include "net/transport/tcp/tcp.h"
#include "net/transport/websocket/websocket.h"
#include "node/punch_addresses.h"

namespace shoal::node {

namespace {

crypto::PrivateKey fresh_key(Random& random) {
  return crypto::PrivateKey::ed25519_from_seed(random.bytes(32));
}

std::vector<std::unique_ptr<net::Transport>> transports(System& system, net::Upgrader& upgrader,
                                                        bool quic) {
  std::vector<std::unique_ptr<net::Transport>> out;
  out.push_back(net::make_tcp_transport(system, upgrader));
  out.push_back(net::make_websocket_transport(system, upgrader));
  if (quic) out.push_back(net::make_quic_transport(system, upgrader));
  return out;
}

}  // namespace

OwnAddresses::OwnAddresses(System& system, net::Swarm& swarm, const identify::Identify& identify,
                           net::Bandwidth bandwidth, const Config& config)
    : swarm_(swarm),
      identify_(identify),
      upgrader_(system, fresh_key(system.random), bandwidth, config.upgrade),
      server_(system, swarm, transports(system, upgrader_, config.speaks_quic())),
      client_(system, swarm),
      reachability_(
          system, swarm, client_, [this] { return candidates(); },
          [this](const Multiaddr& address, autonat::Reachable state) { heard(address, state); }) {}

/// Those that could be reached from the internet.
std::vector<Multiaddr> OwnAddresses::candidates() const {
  std::vector<Multiaddr> out = punch_addresses(swarm_, identify_);
  if (mapped_) {
    const std::vector<Multiaddr> mapped = mapped_();
    out.insert(out.begin(), mapped.begin(), mapped.end());
  }
  std::erase_if(out, [](const Multiaddr& address) {
    return !address.ip() || net::path_of(address) != net::Path::direct;
  });
  return out;
}

void OwnAddresses::heard(const Multiaddr& address, autonat::Reachable state) {
  const std::vector<Multiaddr> known = swarm_.listen_addresses();
  const bool is_known = std::ranges::find(known, address) != known.end();
  if (state == autonat::Reachable::yes && !is_known) {
    announced_.insert(address);
    swarm_.announce(address);
  } else if (state != autonat::Reachable::yes && announced_.erase(address) > 0) {
    swarm_.withdraw(address);
  }
  if (changed_) changed_();
}

}  // namespace shoal::node
