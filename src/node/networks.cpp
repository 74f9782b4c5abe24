#include "node/networks.h"

#include <algorithm>
#include <array>
#include <utility>

namespace shoal::node {

namespace {

/// Those of the IPFS project, whose addresses are in DNS.
constexpr std::array<const char*, 4> kPublicBootstrap = {
    "/dnsaddr/bootstrap.libp2p.io/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN",
    "/dnsaddr/bootstrap.libp2p.io/p2p/QmQCU2EcMqAqQPR2i9bChDtGNJchTbq5TbXJJ16u19uLTa",
    "/dnsaddr/bootstrap.libp2p.io/p2p/QmbLHAnMoJPWSCR5Zhtx6BHJX9KiKNN6tpvbUcqanj75Nb",
    "/dnsaddr/bootstrap.libp2p.io/p2p/QmcZf59bWwK5XFi76CZX8cbJ4BhTzzA3gU1ZjYZcYW3dwt"};

std::vector<kad::PeerInfo> bootstrap_peers(const std::vector<Multiaddr>& addresses) {
  std::vector<kad::PeerInfo> out;
  for (const Multiaddr& address : addresses) {
    out.push_back({.id = *address.peer(), .addresses = {address.without_peer()}});
  }
  return out;
}

/// An ephemeral node keeps nothing.
std::string kept_in(const Config& config, const Home& home) {
  return config.ephemeral ? std::string() : home.folder();
}

bool is_loopback(const Multiaddr& address) {
  return net::path_of(address) == net::Path::loopback;
}

}  // namespace

Networks::Networks(System& system, net::Swarm& swarm, routing::Routing& routing,
                   const Config& config, const Home& home)
    : system_(system),
      may_serve_(config.dht_server),
      swarm_(swarm),
      gate_(system),
      web_tls_(system, gate_, {.roots_file = config.upgrade.web_tls.roots_file}) {
  if (config.lan) {
    mdns::Options options{.announce = true};
    if (config.upgrade.network_key)
      options.service = "_p2p-" + config.upgrade.network_key->fingerprint() + "._udp.local";
    lan_ = std::make_unique<routing::LanPeers>(system, swarm, std::move(options));
    routing.add(*lan_);
  }
  if (config.dht) {
    own_dht_ = make_own_dht(config, home);
    routing.add(*own_dht_);
  }
  if (config.is_public) {
    public_dht_ = make_public_dht(config, home);
    routing.add(*public_dht_);
  }
  for (const std::string& text : config.routers) {
    auto url = routing::RouterUrl::parse(text);
    auto router = std::make_unique<routing::HttpRouter>(system, web_tls_, std::move(url));
    routing.add(*router);
    http_routers_.push_back(std::move(router));
  }
}

std::unique_ptr<routing::DhtNetwork> Networks::make_own_dht(const Config& config,
                                                            const Home& home) {
  routing::DhtNetworkOptions options;
  options.dht.protocol = kad::kLanProtocol;
  if (config.upgrade.network_key) {
    options.dht.protocol = "/shoal/" + config.upgrade.network_key->fingerprint() + "/kad/1.0.0";
  }
  options.dht.scope = kad::Scope::lan;
  options.dht.allows_loopback = std::ranges::any_of(config.bootstrap, is_loopback) ||
                                std::ranges::any_of(config.listen, is_loopback);
  options.dht.bootstrap = bootstrap_peers(config.bootstrap);
  options.dht.server = config.dht_server;
  routing::DhtState state(system_, kept_in(config, home), home.root(), "dht-own");
  return std::make_unique<routing::DhtNetwork>(system_, swarm_, std::move(state),
                                               std::move(options));
}

/// Serves at once when an address was announced by the user, else when others are known to reach
/// us.
std::unique_ptr<routing::DhtNetwork> Networks::make_public_dht(const Config& config,
                                                               const Home& home) {
  std::vector<Multiaddr> known = config.bootstrap;
  for (const char* text : kPublicBootstrap) known.push_back(Multiaddr::parse(text));
  routing::DhtNetworkOptions options;
  options.where = "in the public DHT";
  options.dht.bootstrap = bootstrap_peers(known);
  options.dht.server = config.dht_server && !config.announce.empty();
  routing::DhtState state(system_, kept_in(config, home), home.root(), "dht-public");
  return std::make_unique<routing::DhtNetwork>(system_, swarm_, std::move(state),
                                               std::move(options));
}

void Networks::identified(const PeerId& peer) {
  if (own_dht_) own_dht_->dht().identified(peer);
  if (public_dht_) public_dht_->dht().identified(peer);
}

void Networks::reachable() {
  if (public_dht_ && may_serve_) public_dht_->dht().serve();
}

void Networks::start() {
  if (own_dht_) own_dht_->start();
  if (public_dht_) public_dht_->start();
  if (lan_) lan_->start();
}

Task<void> Networks::stop() {
  if (lan_) co_await lan_->stop();
  if (public_dht_) co_await public_dht_->stop();
  if (own_dht_) co_await own_dht_->stop();
}

routing::DhtNetwork* Networks::dht() {
  return public_dht_ ? public_dht_.get() : own_dht_.get();
}

}  // namespace shoal::node
