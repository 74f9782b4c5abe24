#pragma once

#include <map>
#include <memory>

#include "net/fair_line.h"
#include "net/ip_prefix.h"

namespace shoal::net {

/// Bounds the handshakes that others may begin, each of which costs a quarter of a millisecond of
/// arithmetic: one rate for all, in which the sites take turns. Programs of this machine need not
/// ask us for what they can take.
class HandshakeGate {
 public:
  static constexpr double kBurst = 256;
  static constexpr double kPerSecond = 200;

  explicit HandshakeGate(System& system) : line_(system, kBurst, kPerSecond) {}

  /// Returns when one from there may begin. Cancellable. Must not outlive the gate.
  Task<void> enter(const Multiaddr& remote);

 private:
  FairLine line_;
  std::map<IpAddress, std::weak_ptr<FairLine::Member>> waiting_;  // by site
};

}  // namespace shoal::net
