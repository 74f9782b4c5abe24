#pragma once

#include <memory>
#include <vector>

#include "base/error.h"
#include "net/transport/transport.h"
#include "system/system.h"

namespace shoal::net {

/// Addresses in the order to try them: those most likely to work and cheapest first, IPv6 and IPv4
/// taking turns (RFC 8305, 4).
std::vector<Multiaddr> in_dial_order(std::vector<Multiaddr> addresses);

/// No address of a peer is one where anybody listens, by the word of its host or of the network on
/// the way: another try in a moment would end as this one did.
class NobodyThere final : public Error {
 public:
  using Error::Error;
};

/// Finds a way to one peer: resolves names, starts an attempt every 250 ms or as soon as the one
/// before failed, keeps the first that completes and cancels the others.
class Dialer {
 public:
  static constexpr std::size_t kMaxAddresses = 32;
  static constexpr std::size_t kMaxAttemptsAtOnce = 8;
  /// Names of one peer that are looked up, for 5 s each at most.
  static constexpr std::size_t kMaxNames = 4;

  /// Borrows both for its life.
  Dialer(System& system, const std::vector<std::unique_ptr<Transport>>& transports)
      : system_(system), transports_(transports) {}

  /// Throws Error{unreachable} with the reason of every address; NobodyThere when all were refused.
  Task<Link> dial(PeerId peer, std::vector<Multiaddr> addresses);

 private:
  struct Race;
  /// Leaves out names that have no address, each with its reason.
  Task<std::vector<Multiaddr>> resolve(std::vector<Multiaddr> addresses, std::string& reasons);
  Task<void> attempt(Race& race, Multiaddr address);
  Transport* transport_for(const Multiaddr& address) const;

  System& system_;
  const std::vector<std::unique_ptr<Transport>>& transports_;
};

}  // namespace shoal::net
