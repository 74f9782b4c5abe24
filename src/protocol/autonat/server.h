#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/token_bucket.h"
#include "format/multiaddr.h"
#include "net/swarm/swarm.h"
#include "protocol/autonat/message.h"
#include "protocol/autonat/protocol.h"
#include "system/system.h"

namespace shoal::autonat {

/// Dials those who ask at an address that they name, and tells them whether it worked.
///
/// Dials from a free port and by an identity of its own, so that neither a connection that is there
/// nor a hole that an earlier one made passes for reachability. An address whose IP is not the
/// asker's costs it more bytes than the dial costs its owner. Addresses of local networks are
/// dialled only where the asker itself has them.
class Server {
 public:
  /// Requests that are answered at once, of all peers; of each, one.
  static constexpr std::size_t kMaxAtOnce = 8;
  /// Requests in a burst and each second, of all peers and of one; one more is rejected.
  static constexpr double kBurst = 30;
  static constexpr double kPerSecond = 1;
  static constexpr double kPeerBurst = 6;
  static constexpr double kPeerPerSecond = 0.2;
  /// Peers whose rate is remembered.
  static constexpr std::size_t kMaxPeers = 1024;
  static constexpr Duration kDialTimeout = 10s;

  /// Begins to serve. `transports` dial, and are used for nothing else. Borrows the first two for
  /// its life, which must last as long as the swarm's.
  Server(System& system, net::Swarm& swarm,
         std::vector<std::unique_ptr<net::Transport>> transports);
  /// Once the swarm, and with it every request, has ended.
  Task<void> stop();

 private:
  class Place;
  struct Target {
    Multiaddr address;
    std::uint32_t index;
  };

  Task<void> answer(net::ProtocolStream stream);
  Task<DialResponse> respond(Stream& stream, const PeerId& peer, const DialRequest& request,
                             const Multiaddr& seen_at);
  bool admits(const PeerId& peer);
  std::optional<Target> choose(const DialRequest& request, const Multiaddr& seen_at) const;
  Task<void> collect_data(Stream& stream, std::uint32_t index);
  Task<DialStatus> dial_back(Multiaddr address, PeerId peer, std::uint64_t nonce);
  net::Transport* transport_for(const Multiaddr& address) const;

  System& system_;
  net::Swarm& swarm_;
  const std::vector<std::unique_ptr<net::Transport>> transports_;
  TokenBucket rate_{kBurst, kPerSecond};
  std::map<PeerId, TokenBucket> rates_;
  std::map<PeerId, std::size_t> running_;
};

}  // namespace shoal::autonat
