#include "node/relay_choice.h"

#include <algorithm>

#include "net/path.h"
#include "protocol/relay/protocol.h"

namespace shoal::node {

RelayChoice::RelayChoice(System& system, net::Swarm& swarm, relay::Client& client)
    : system_(system), swarm_(swarm), client_(client) {
  client_.when_dropped([this](const PeerId& relay) { dropped(relay); });
}

void RelayChoice::start() {
  started_ = true;
  for (const net::Connection* each : swarm_.connections().all()) consider(each->peer());
}

void RelayChoice::identified(const PeerId& peer) {
  if (started_) consider(peer);
}

/// A public address, of an interface, by the user's word or because peers reached it, is enough.
bool RelayChoice::needs_more() const {
  if (client_.relays() >= kWanted) return false;
  return std::ranges::none_of(swarm_.listen_addresses(), [this](const Multiaddr& address) {
    const bool unproven = is_unproven_ && is_unproven_(address);
    return net::path_of(address) == net::Path::direct && !unproven;
  });
}

void RelayChoice::consider(const PeerId& peer) {
  const net::Connection* connection = swarm_.best(peer);
  const bool in_the_open = connection != nullptr && connection->path() == net::Path::direct &&
                           connection->direction() == net::Direction::outbound;
  if (!in_the_open || !swarm_.peers().speaks(peer, relay::kHopProtocol)) return;
  if (client_.keeps(peer) || failed_.contains(peer) || !needs_more()) return;
  client_.keep(peer, relay::Client::Choice::chosen);
}

void RelayChoice::dropped(const PeerId& relay) {
  const TimePoint now = system_.clock.now();
  std::erase_if(failed_, [now](const auto& one) { return now - one.second >= kPause; });
  if (failed_.size() < kMaxFailed) failed_.emplace(relay, now);
  for (const net::Connection* each : swarm_.connections().all()) consider(each->peer());
}

}  // namespace shoal::node
