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
                   const crypto::PrivateKey& identity, net::Upgrader& direct, const Config& config)
    : system_(system),
      swarm_(swarm),
      identity_(identity),
      config_(config),
      up_(system.clock, 0),
      down_(system.clock, 0),
      upgrader_(system, identity, net::Bandwidth{up_, down_}, config.upgrade),
      client_(system, swarm),
      choice_(system, swarm, client_),
      puncher_(system, swarm, [this, &identify] { return places_to_punch(identify); }) {
  swarm_.add_transport(relay::make_circuit_transport(swarm_, client_, upgrader_));
  if (!config.plain_punching) guess_ports(identify, direct);
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

void Relaying::when_mapped(std::function<std::vector<Multiaddr>()> mapped,
                           std::function<bool(const Multiaddr&)> is_unproven) {
  mapped_ = std::move(mapped);
  choice_.leave_out(std::move(is_unproven));
}

/// By TCP and IPv4, of an interface: announced ones are others.
std::uint16_t Relaying::listening_port() const {
  const std::vector<IpAddress> own = system_.network.local_addresses();
  for (const Multiaddr& address : swarm_.listen_addresses()) {
    const auto endpoint = address.tcp_endpoint();
    const bool is_v4 = endpoint && !endpoint->address.is_v6();
    if (is_v4 && std::ranges::find(own, endpoint->address) != own.end()) return endpoint->port;
  }
  return 0;
}

void Relaying::guess_ports(const identify::Identify& identify, net::Upgrader& direct) {
  auto spray = std::make_unique<dcutr::Spray>(system_, direct, [this] { return listening_port(); });
  puncher_.guess_with(*spray, [this, &identify] { return mapping_of_nat(swarm_, identify); });
  swarm_.add_transport(std::move(spray));
}

std::vector<Multiaddr> Relaying::places_to_punch(const identify::Identify& identify) const {
  if (config_.plain_punching) return plain_punch_addresses(swarm_, identify);
  std::vector<Multiaddr> out = mapped_ ? mapped_() : std::vector<Multiaddr>{};
  for (Multiaddr& address : punch_addresses(swarm_, identify)) {
    if (std::ranges::find(out, address) == out.end()) out.push_back(std::move(address));
  }
  return out;
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
