#include "service/content_session.h"

#include <algorithm>

namespace shoal::service {

namespace {

constexpr Duration kGivenAddressLifetime = 24h;

bool names_another(const std::vector<Multiaddr>& providers, const PeerId& self) {
  return std::ranges::any_of(providers, [&](const Multiaddr& provider) {
    const auto peer = provider.peer();
    return peer && *peer != self;
  });
}

}  // namespace

ContentSession::ContentSession(net::Swarm& swarm, content::Bitswap& bitswap,
                               const std::vector<Multiaddr>& providers)
    : swarm_(swarm),
      asks_anybody_(!names_another(providers, swarm.local_peer())),
      session_(bitswap.session(asks_anybody_ ? content::Asks::anybody : content::Asks::providers)) {
  swarm_.add_observer(*this);
  if (asks_anybody_) {
    for (const net::Connection* open : swarm.connections().all()) session_->add_peer(open->peer());
    return;
  }
  for (const Multiaddr& provider : providers) {
    const auto peer = provider.peer();
    if (!peer || *peer == swarm.local_peer()) continue;
    if (const Multiaddr address = provider.without_peer(); !address.empty()) {
      swarm.peers().add_address(*peer, address, net::AddressSource::given_by_user,
                                kGivenAddressLifetime);
    }
    session_->add_peer(*peer);
  }
}

ContentSession::~ContentSession() {
  swarm_.remove_observer(*this);
}

void ContentSession::connected(net::Connection& connection) {
  if (asks_anybody_) session_->add_peer(connection.peer());
}

}  // namespace shoal::service
