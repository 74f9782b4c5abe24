#include "service/sources.h"

namespace shoal::service {

namespace {
constexpr Duration kGivenAddressLifetime = 24h;
}

bool add_sources(net::Swarm& swarm, content::Session& session,
                 const std::vector<Multiaddr>& providers) {
  bool anybody = false;
  for (const Multiaddr& provider : providers) {
    const auto peer = provider.peer();
    if (!peer || *peer == swarm.local_peer()) continue;
    const Multiaddr address = provider.without_peer();
    if (!address.empty()) {
      swarm.peers().add_address(*peer, address, net::AddressSource::given_by_user,
                                kGivenAddressLifetime);
    }
    session.add_peer(*peer);
    anybody = true;
  }
  if (!providers.empty()) return anybody;
  for (const net::Connection* connection : swarm.connections().all()) {
    session.add_peer(connection->peer());
    anybody = true;
  }
  return anybody;
}

std::string to_text(const std::vector<content::Trouble>& troubles) {
  std::string out;
  for (const content::Trouble& trouble : troubles) {
    out += (out.empty() ? "" : "; ") + trouble.peer.to_string() + ": " + trouble.reason;
  }
  return out;
}

std::string trying_again(const std::vector<Multiaddr>& providers,
                         const std::vector<content::Trouble>& troubles) {
  return troubles.empty() ? connecting_to(providers) : "trying again: " + troubles.front().reason;
}

std::string connecting_to(const std::vector<Multiaddr>& providers) {
  std::string out = "connecting to " + providers.front().to_string();
  if (providers.size() > 1) out += " and " + std::to_string(providers.size() - 1) + " more";
  return out;
}

std::string blocks_from(net::Swarm& swarm) {
  const auto connections = swarm.connections().all();
  const bool one = connections.size() == 1;
  return "waiting for blocks from " + (one ? connections.front()->peer().to_string()
                                           : std::to_string(connections.size()) + " peers");
}

}  // namespace shoal::service
