#pragma once

#include "net/swarm/swarm.h"
#include "system/system.h"

namespace shoal::ping {

inline constexpr const char* kProtocol = "/ipfs/ping/1.0.0";
inline constexpr std::size_t kPayloadBytes = 32;

/// Answers that one stream may have in memory.
inline constexpr std::size_t kMaxPayloadsAtOnce = 32;

/// Answers pings: libp2p specs, ping. A stream that is silent for a minute is ended.
void serve(System& system, net::Swarm& swarm);

/// Measures round trips over one stream. Borrows both for its life.
class Pinger {
 public:
  Pinger(System& system, net::Swarm& swarm) : system_(system), swarm_(swarm) {}

  /// Connects if need be. Throws Error{unreachable}, {unsupported}.
  Task<void> open(PeerId peer);
  /// One round trip. Throws Error{timeout} after `timeout`, {corrupt} when other bytes came back.
  Task<Duration> ping(Duration timeout);

 private:
  Task<void> exchange(Bytes payload);

  System& system_;
  net::Swarm& swarm_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace shoal::ping
