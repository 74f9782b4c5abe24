#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/swarm/swarm.h"

namespace shoal::interop {

inline constexpr const char* kEchoProtocol = "/echo/1.0.0";

/// What the echo server has done.
struct Served {
  std::uint64_t whole = 0;
  std::uint64_t broken = 0;
  std::uint64_t bytes = 0;
};

/// Sends back what comes until the other side ends its half, then ends ours.
Task<void> serve_echo(net::Swarm& swarm, net::ProtocolStream stream, Served& served);

/// Reads to the end.
Task<void> serve_nothing(net::ProtocolStream stream);

/// Opens all streams, then sends `bytes` over each at once, and compares what comes back. Throws
/// Error with what went wrong on any of them.
Task<void> echo(System& system, net::Swarm& swarm, PeerId peer, std::size_t streams,
                std::uint64_t bytes);

/// Breaks `count` streams off in the middle, and sees that the connection outlives it.
Task<void> reset(System& system, net::Swarm& swarm, PeerId peer, std::size_t count);

}  // namespace shoal::interop
