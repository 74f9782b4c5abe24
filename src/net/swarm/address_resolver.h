#pragma once

#include <cstddef>
#include <vector>

#include "format/multiaddr.h"
#include "format/peer_id.h"
#include "system/network.h"

namespace shoal::net {

/// Replaces the name that a multiaddr begins with by what it stands for: /dns, /dns4 and /dns6 by
/// IP addresses, /dnsaddr by the multiaddrs in the TXT records of _dnsaddr.NAME (libp2p addressing
/// spec, section dnsaddr), which may be names again.
class AddressResolver {
 public:
  /// For one address: names behind names, look-ups, and addresses in the end.
  static constexpr std::size_t kMaxDepth = 4;
  static constexpr std::size_t kMaxLookups = 8;
  static constexpr std::size_t kMaxAddresses = 32;

  /// Borrows `resolver` for its life.
  explicit AddressResolver(Resolver& resolver) : resolver_(resolver) {}

  static bool has_name(const Multiaddr& address);

  /// Addresses of `peer`, without /p2p; those that name another peer are left out. Throws
  /// Error{not_found} when no name led to an address. Cancellable; the caller bounds the time.
  Task<std::vector<Multiaddr>> resolve(Multiaddr address, PeerId peer);

 private:
  Task<std::vector<Multiaddr>> look_up(Multiaddr address, PeerId peer);
  Task<std::vector<Multiaddr>> look_up_host(Multiaddr address);
  Task<std::vector<Multiaddr>> look_up_dnsaddr(Multiaddr address, PeerId peer);

  Resolver& resolver_;
};

}  // namespace shoal::net
