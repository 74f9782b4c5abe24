#include "service/content_session.h"

#include <algorithm>
#include <utility>

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

ContentSession::ContentSession(const Context& context, Cid root,
                               const std::vector<Multiaddr>& providers, Exchange exchange)
    : swarm_(context.swarm),
      asks_anybody_(!names_another(providers, context.swarm.local_peer())),
      session_(context.bitswap.session(asks_anybody_ ? content::Asks::anybody
                                                     : content::Asks::providers)),
      neighbours_(exchange == Exchange::with_neighbours && context.exchange != nullptr
                      ? std::make_unique<Neighbours>(context, root, *session_)
                      : nullptr) {
  swarm_.add_observer(*this);
  add_named(providers);
  for (net::Connection* open : swarm_.connections().all()) connected(*open);
  if (context.routing.empty()) return;
  session_->expect_peers(true);
  search_ = context.routing.keep_searching(std::move(root), asks_anybody_ ? Duration{} : kHeadStart,
                                           *this);
}

ContentSession::~ContentSession() {
  swarm_.remove_observer(*this);
}

void ContentSession::add_named(const std::vector<Multiaddr>& providers) {
  for (const Multiaddr& provider : providers) {
    const auto peer = provider.peer();
    if (!peer || *peer == swarm_.local_peer()) continue;
    if (const Multiaddr address = provider.without_peer(); !address.empty()) {
      swarm_.peers().add_address(*peer, address, net::AddressSource::given_by_user,
                                 kGivenAddressLifetime);
    }
  }
  // Only now: a dial takes the addresses that are known when it begins.
  for (const Multiaddr& provider : providers) {
    const auto peer = provider.peer();
    if (peer && *peer != swarm_.local_peer()) add_peer(*peer);
  }
}

void ContentSession::add_peer(const PeerId& peer) {
  session_->add_peer(peer);
  if (neighbours_) neighbours_->add_source(peer);
}

void ContentSession::set_whole() {
  if (neighbours_) neighbours_->set_whole();
}

void ContentSession::connected(net::Connection& connection) {
  if (asks_anybody_) add_peer(connection.peer());
}

void ContentSession::found(const routing::Found& provider) {
  add_peer(provider.peer);
}

Duration ContentSession::searched() {
  session_->expect_peers(false);
  if (!session_->counts().sources.empty()) return kPauseWhileServed;
  return std::exchange(pause_, std::min(2 * pause_, kLongestPause));
}

}  // namespace shoal::service
