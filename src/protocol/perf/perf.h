#pragma once

#include <cstdint>

#include "net/swarm/swarm.h"
#include "system/system.h"

namespace shoal::perf {

inline constexpr const char* kProtocol = "/perf/1.0.0";

/// What a server answers at once; streams beyond are reset.
inline constexpr std::size_t kMaxStreamsPerPeer = 2;
inline constexpr std::size_t kMaxStreams = 8;
/// A stream that moves nothing for so long is ended, on both sides.
inline constexpr Duration kIdleTimeout = 30s;

/// Lets peers measure throughput to and from this node: libp2p specs, perf. It makes peers able to
/// fill our line up to the node's bandwidth limits, so a node serves those who are near alone.
enum class Audience { everybody, nearby };
/// Nearby: on this machine or its local network. Others are refused.
void serve(System& system, net::Swarm& swarm, Audience audience = Audience::everybody);

struct Measurement {
  std::uint64_t bytes;
  Duration time;  // from opening the stream to its end
};

/// Measures over streams of its own, one for each call. Borrows both for its life.
class Perf {
 public:
  Perf(System& system, net::Swarm& swarm) : system_(system), swarm_(swarm) {}

  /// Sends so many bytes, until the peer has read them all. Connects if need be. Throws
  /// Error{unreachable}, {unsupported}, {timeout}, {closed}, and {corrupt} when something comes
  /// back.
  Task<Measurement> upload(PeerId peer, std::uint64_t bytes);
  /// Has so many sent; Error{corrupt} when there come fewer or more.
  Task<Measurement> download(PeerId peer, std::uint64_t bytes);

 private:
  Task<Measurement> run(PeerId peer, std::uint64_t up, std::uint64_t down);
  Task<void> exchange(Stream& stream, std::uint64_t up, std::uint64_t down);

  System& system_;
  net::Swarm& swarm_;
};

}  // namespace shoal::perf
