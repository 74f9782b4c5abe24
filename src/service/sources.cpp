#include "service/sources.h"

namespace shoal::service {

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

std::string waiting_for_peers(const Context& context) {
  const std::size_t peers = context.swarm.connections().all().size();
  std::string out = "no known peer has this content; ";
  out +=
      context.routing.empty() ? "waiting for one to connect" : "looking " + context.routing.where();
  if (peers > 0) out += " (" + std::to_string(peers) + " connected lack it)";
  return out;
}

}  // namespace shoal::service
