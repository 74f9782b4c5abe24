#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "net/resources/dial_limiter.h"
#include "net/swarm/address_resolver.h"
#include "net/swarm/dial_backoff.h"
#include "net/swarm/peer_store.h"
#include "net/transport/transport.h"
#include "system/system.h"

namespace shoal::net {

/// No address of a peer is one where anybody listens, by the word of its host or of the network on
/// the way: another try in a moment would end as this one did.
class NobodyThere final : public Error {
 public:
  using Error::Error;
};

/// By which a dial that is under way takes in addresses that become known meanwhile; empty before
/// and after.
struct LateAddresses {
  std::function<void(std::vector<KnownAddress>)> take{};
};

/// Finds a way to one peer: starts an attempt every 250 ms or as soon as one has failed, keeps the
/// first that completes and cancels the others. Names are resolved meanwhile. What failed is left
/// alone for a while (DialBackoff), unless the user gave it; unverified addresses are forgotten
/// after some failures.
class Dialer {
 public:
  static constexpr std::size_t kMaxAddresses = 32;
  static constexpr std::size_t kMaxAttemptsAtOnce = 8;
  /// Names of one peer that are looked up, each for kResolveTimeout at most.
  static constexpr std::size_t kMaxNames = 4;
  static constexpr Duration kResolveTimeout = 10s;
  /// Failures in a row after which an address that nobody has verified is forgotten.
  static constexpr std::uint32_t kMaxFailures = 5;

  /// Borrows all but the number for its life.
  Dialer(System& system, const std::vector<std::unique_ptr<Transport>>& transports,
         PeerStore& peers, std::size_t attempts_at_once)
      : system_(system),
        transports_(transports),
        peers_(peers),
        resolver_(system.resolver),
        gate_(system, attempts_at_once) {}

  /// Throws Error{unreachable} with the reason of every address; NobodyThere when all were refused.
  /// Borrows `late`.
  Task<Link> dial(PeerId peer, std::vector<KnownAddress> addresses, DialAs as = {},
                  LateAddresses* late = nullptr);

  /// It is there: failures to reach it are forgotten.
  void note_connected(const PeerId& peer) { peer_backoff_.succeeded(peer); }
  const DialLimiter& gate() const { return gate_; }

 private:
  class Race;
  /// An address, and whose, where that makes a difference.
  using Place = std::pair<Multiaddr, std::optional<PeerId>>;

  static Place place_of(const Multiaddr& address, const PeerId& peer);
  /// Takes in those that it does not know yet.
  void begin(Race& race, std::vector<KnownAddress> addresses);
  void add(Race& race, std::vector<KnownAddress> addresses);
  Task<void> run(Race& race);
  Task<void> resolve(Race& race, KnownAddress name);
  Task<void> attempt(Race& race, KnownAddress target);
  Task<Link> connect(KnownAddress target, PeerId peer, DialAs as);
  void note_failure(Race& race, const KnownAddress& target, const Error& error);
  std::optional<Duration> backoff_of(const KnownAddress& known, const PeerId& peer) const;
  void check_peer_backoff(const PeerId& peer, const std::vector<KnownAddress>& addresses) const;
  [[noreturn]] void fail(const Race& race);
  Transport* transport_for(const Multiaddr& address) const;

  System& system_;
  const std::vector<std::unique_ptr<Transport>>& transports_;
  PeerStore& peers_;
  AddressResolver resolver_;
  DialLimiter gate_;
  DialBackoff<Place> address_backoff_;
  DialBackoff<PeerId> peer_backoff_;
};

}  // namespace shoal::net
