#include "node/relaying.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "node/punch_addresses.h"
#include "protocol/relay/transport.h"

namespace shoal::node {

namespace {

constexpr Duration kRelayAddressLifetime = 24h * 365;

}  // namespace

Relaying::Relaying(System& system, net::Swarm& swarm, identify::Identify& identify,
                   const crypto::PrivateKey& identity, const Config& config)
    : system_(system),
      swarm_(swarm),
      identity_(identity),
      config_(config),
      up_(system.clock, 0),
      down_(system.clock, 0),
      upgrader_(system, identity, net::Bandwidth{up_, down_}, config.upgrade),
      client_(system, swarm),
      choice_(system, swarm, client_),
      puncher_(system, swarm, [&swarm, &identify] { return punch_addresses(swarm, identify); }) {
  swarm_.add_transport(relay::make_circuit_transport(swarm_, client_, upgrader_));
  for (const Multiaddr& address : config_.relays) {
    const auto relay = address.peer();
    if (!relay) {
      throw Error(ErrorCode::usage, "the address does not end in /p2p/ID", address.to_string());
    }
    swarm_.peers().add_address(*relay, address.without_peer(), net::AddressSource::given_by_user,
                               kRelayAddressLifetime);
  }
  client_.when_changed([this] {
    if (changed_) changed_();
  });
  client_.when_refused(
      [this](const PeerId& relay, const std::string& reason) { refused(relay, reason); });
}

void Relaying::start() {
  swarm_.listen(relay::circuit_listen_address());
  for (const Multiaddr& address : config_.relays) {
    if (*address.peer() != swarm_.local_peer()) client_.keep(*address.peer());
  }
  if (config_.relays.empty()) choice_.start();
  if (config_.relay_service || can_be_reached()) offer();
}

void Relaying::offer() {
  if (server_) return;
  const auto limits =
      config_.relay_service ? relay::ServerLimits::unlimited_circuits() : relay::ServerLimits{};
  server_ = std::make_unique<relay::Server>(system_, swarm_, identity_, limits);
}

void Relaying::identified(const PeerId& peer) {
  choice_.identified(peer);
  puncher_.identified(peer);
}

Task<void> Relaying::stop() {
  co_await puncher_.stop();
  co_await client_.stop();
}

/// As far as this host knows.
bool Relaying::can_be_reached() const {
  if (!config_.announce.empty()) return true;
  return std::ranges::any_of(swarm_.listen_addresses(), [](const Multiaddr& address) {
    return net::path_of(address) == net::Path::direct;
  });
}

void Relaying::refused(const PeerId& relay, const std::string& reason) {
  refusing_.insert(relay);
  if (told_refusal_) told_refusal_(relay, reason);
}

bool Relaying::awaits_place() const {
  return std::ranges::any_of(config_.relays, [this](const Multiaddr& address) {
    const PeerId relay = *address.peer();
    return relay != swarm_.local_peer() && !client_.is_reserved_at(relay) &&
           !refusing_.contains(relay);
  });
}

}  // namespace shoal::node
