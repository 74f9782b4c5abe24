#pragma once

#include <map>
#include <memory>

#include "net/resources/fair_queue.h"
#include "net/resources/ip_prefix.h"

namespace shoal::net {

/// Limits inbound handshakes, each of which costs a quarter of a millisecond of CPU time: one rate
/// for all, shared fairly by IP prefix. Connections from this machine are not limited.
class HandshakeLimiter {
 public:
  static constexpr double kBurst = 256;
  static constexpr double kPerSecond = 200;

  explicit HandshakeLimiter(System& system) : queue_(system, kBurst, kPerSecond) {}

  /// Returns when one from there may begin. Cancellable. Must not outlive the limiter.
  Task<void> enter(const Multiaddr& remote);

 private:
  FairQueue queue_;
  std::map<IpAddress, std::weak_ptr<FairQueue::Member>> waiting_;  // by prefix
};

}  // namespace shoal::net
