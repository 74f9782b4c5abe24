#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "system/task.h"
#include "system/time.h"

namespace shoal::portmap {

/// A port of this host that something listens on.
struct Port {
  bool udp = false;  // else TCP
  std::uint16_t number = 0;

  auto operator<=>(const Port&) const = default;
};

/// What a router forwards to it.
struct Granted {
  Endpoint outside;
  /// As the router says, within kShortestLease and kLongestLease.
  Duration lifetime{};
};

/// What is asked for: a program that is killed leaves its mapping behind for no longer.
inline constexpr Duration kLease = 20min;
/// Whatever the router grants: else it would make us ask without a pause, or never again.
inline constexpr Duration kShortestLease = 2min;
inline constexpr Duration kLongestLease = 2h;

/// A router that forwards ports on request, by one protocol.
class Gateway {
 public:
  virtual ~Gateway() = default;
  /// "PCP", "NAT-PMP", "UPnP"
  virtual std::string_view protocol() const = 0;
  /// Asks for `port`, from outside by number `wanted` if that is free. The same again renews it.
  /// Throws Error{refused} with the router's reason, {timeout}, {unreachable}, and what decoders
  /// throw. Cancellable.
  virtual Task<Granted> map(Port port, std::uint16_t wanted) = 0;
  virtual Task<void> unmap(Port port, std::uint16_t outside) = 0;
};

/// Whether peers could come to it: no router's outside is a private address, nor a group.
bool is_plausible_outside(const Endpoint& outside);

/// Bounded as above.
Duration bounded_lease(std::uint64_t seconds);

}  // namespace shoal::portmap
