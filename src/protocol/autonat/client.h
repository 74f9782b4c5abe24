#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "format/multiaddr.h"
#include "net/swarm/swarm.h"
#include "protocol/autonat/protocol.h"
#include "system/system.h"

namespace shoal::autonat {

/// What a peer found when it dialled one of our addresses.
struct Probe {
  Multiaddr address;
  bool reachable = false;
};

/// Asks peers to dial us.
class Client {
 public:
  /// Requests that wait for their dial-back at once.
  static constexpr std::size_t kMaxPending = 16;

  /// Begins to serve dial-backs. Borrows both for its life, which must last as long as the
  /// swarm's.
  Client(System& system, net::Swarm& swarm);

  /// Has `server` dial the first of `addresses` (without /p2p) that it is willing to. None when it
  /// would not, or when what it says and what came do not agree. Throws Error{unreachable},
  /// {unsupported}, {timeout}, {closed}, {limit}, {malformed}.
  Task<std::optional<Probe>> probe(PeerId server, std::vector<Multiaddr> addresses);

 private:
  class Pending;
  /// What came with a nonce: our end of the connection.
  using Arrived = std::optional<Multiaddr>;

  Task<std::optional<Probe>> ask(PeerId server, std::vector<Multiaddr> addresses,
                                 std::uint64_t nonce);
  Task<void> take_dial_back(net::ProtocolStream stream);

  System& system_;
  net::Swarm& swarm_;
  std::map<std::uint64_t, Arrived> pending_;
};

}  // namespace shoal::autonat
