#pragma once

#include <vector>

#include "format/multiaddr.h"

namespace shoal::kad {

/// Which network a DHT spans.
enum class Scope { internet, lan };

/// Which of the addresses that other peers tell us we would dial, and pass on. A name is never
/// among them: whoever tells it decides what it resolves to, and when.
class AddressPolicy {
 public:
  AddressPolicy(Scope scope, bool allows_loopback)
      : scope_(scope), allows_loopback_(allows_loopback) {}

  /// Every IP address in it counts: a relay's, too. IPv4-mapped IPv6 is judged as IPv4.
  bool allows(const Multiaddr& address) const;
  std::vector<Multiaddr> allowed(const std::vector<Multiaddr>& addresses) const;

 private:
  bool allows(const IpAddress& ip) const;

  Scope scope_;
  bool allows_loopback_;
};

}  // namespace shoal::kad
