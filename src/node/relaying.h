#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "crypto/keys.h"
#include "net/swarm/swarm.h"
#include "net/upgrade.h"
#include "node/config.h"
#include "node/relay_choice.h"
#include "protocol/dcutr/hole_puncher.h"
#include "protocol/identify/identify.h"
#include "protocol/relay/client.h"
#include "protocol/relay/server.h"
#include "system/rate_limit.h"
#include "system/system.h"

namespace shoal::node {

/// What a node has to do with relays: reaches others through those in their addresses, is reached
/// through those of its config, makes such connections direct where it can, and is one where its
/// config or its addresses say so.
class Relaying {
 public:
  /// Adds the transport. Borrows all for its life; the swarm must have stopped before it is
  /// destroyed. Throws Error{usage} for a relay without /p2p.
  /// `direct`: of connections without a relay.
  Relaying(System& system, net::Swarm& swarm, identify::Identify& identify,
           const crypto::PrivateKey& identity, net::Upgrader& direct, const Config& config);

  /// Once the swarm listens.
  void start();
  Task<void> stop();

  /// Others are known to reach this node: it relays for them, with the usual limits.
  void offer();
  /// Where others reach this node without a relay has changed.
  void addresses_changed() { puncher_.addresses_changed(); }
  /// Identify has told what `peer` speaks.
  void identified(const PeerId& peer);

  /// Addresses that a router forwards, as far as it says: tried first where a hole is punched, and
  /// no reason to do without relays before peers have come by them.
  void when_mapped(std::function<std::vector<Multiaddr>()> mapped,
                   std::function<bool(const Multiaddr&)> is_unproven);

  relay::Client& client() { return client_; }
  /// Null while this node relays for nobody.
  const relay::Server* server() const { return server_.get(); }
  /// A relay of the config has neither given a place nor refused one yet.
  bool awaits_place() const;

  void when_changed(std::function<void()> callback) { changed_ = std::move(callback); }
  void when_refused(std::function<void(const PeerId&, const std::string&)> callback) {
    told_refusal_ = std::move(callback);
  }

 private:
  bool can_be_reached() const;
  std::uint16_t listening_port() const;
  void guess_ports(const identify::Identify& identify, net::Upgrader& direct);
  std::vector<Multiaddr> places_to_punch(const identify::Identify& identify) const;
  void refused(const PeerId& relay, const std::string& reason);

  System& system_;
  net::Swarm& swarm_;
  const crypto::PrivateKey& identity_;
  const Config& config_;
  // The connection to the relay has counted every byte already.
  RateLimit up_;
  RateLimit down_;
  net::Upgrader upgrader_;
  relay::Client client_;
  RelayChoice choice_;
  dcutr::HolePuncher puncher_;
  std::unique_ptr<relay::Server> server_;
  std::set<PeerId> refusing_;
  std::function<void()> changed_;
  std::function<std::vector<Multiaddr>()> mapped_;
  std::function<void(const PeerId&, const std::string&)> told_refusal_;
};

}  // namespace shoal::node
