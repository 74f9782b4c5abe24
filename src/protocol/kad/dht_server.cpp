#include "protocol/kad/dht_server.h"

#include <utility>

namespace shoal::kad {

namespace {

ProviderLimits provider_limits(Scope scope) {
  ProviderLimits out;
  out.exempt_local = scope == Scope::lan;
  return out;
}

Server::Scope server_scope(Scope scope) {
  return scope == Scope::lan ? Server::Scope::lan : Server::Scope::public_network;
}

}  // namespace

DhtServer::DhtServer(System& system, net::Swarm& swarm, const RoutingTable& table,
                     const Validators& validators, std::string protocol, Scope scope)
    : system_(system),
      swarm_(swarm),
      protocol_(std::move(protocol)),
      providers_(provider_limits(scope)),
      values_(validators),
      server_(
          swarm.local_peer(), {.table = table, .providers = providers_, .values = values_},
          [this](const PeerId& peer) { return addresses_of(peer); }, system.random,
          server_scope(scope)),
      tasks_(system.waits, "DHT server") {}

void DhtServer::start() {
  serve(system_, swarm_, server_, protocol_);
  tasks_.spawn(expire());
}

Task<void> DhtServer::stop() {
  swarm_.protocols().remove(protocol_);
  co_await tasks_.stop();
}

std::vector<Multiaddr> DhtServer::addresses_of(const PeerId& peer) const {
  return peer == swarm_.local_peer() ? swarm_.listen_addresses() : swarm_.peers().addresses(peer);
}

void DhtServer::add_own(const Multihash& content) {
  providers_.add(Key::of(content), swarm_.local_peer(), swarm_.listen_addresses(), std::nullopt,
                 system_.clock.now());
}

Task<void> DhtServer::expire() {
  while (true) {
    co_await system_.clock.sleep_for(kExpiryInterval);
    providers_.expire(system_.clock.now());
    values_.expire(system_.clock.now());
  }
}

}  // namespace shoal::kad
