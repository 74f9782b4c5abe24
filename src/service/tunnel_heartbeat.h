#pragma once

#include <cstdint>

#include "net/swarm/swarm.h"
#include "protocol/ping/ping.h"
#include "system/system.h"

namespace shoal::service {

/// Notices within 15 s that the peer at the other end of a tunnel is dead, stopped, or cut off:
/// muxers take longer, and TCP up to hours. Whatever the peer says counts as a sign of life; one
/// that says nothing is pinged.
class TunnelHeartbeat {
 public:
  static constexpr Duration kInterval = 3s;
  static constexpr Duration kPingTimeout = 7s;

  /// Borrows both for its life.
  TunnelHeartbeat(System& system, net::Swarm& swarm, PeerId peer);

  /// The peer said something.
  void heard() { ++heard_; }

  /// Once each kInterval while the peer is connected. False when it is not, or no more: its
  /// connections have then been closed.
  Task<bool> beat();

 private:
  enum class Answer : std::uint8_t { given, none, not_asked };
  Task<Answer> ping();

  System& system_;
  net::Swarm& swarm_;
  const PeerId peer_;
  ping::Pinger pinger_;
  bool open_ = false;
  std::uint64_t heard_ = 0;
  std::uint64_t seen_ = 0;
};

}  // namespace shoal::service
