#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/path.h"
#include "system/sim/nat.h"

namespace shoal::lab {

/// The routers between a node and the internet, as RFC 4787 classifies them.
struct NatClass {
  std::string name;
  /// Nearest first; none for a node in the open.
  std::vector<sim::NatOptions> boxes;
  /// One port for all destinations.
  bool is_cone = true;
  /// The filter looks at ports, too.
  bool looks_at_ports = true;
  /// Ports come in order, so that the next one can be told.
  bool in_order = false;
  /// The router forwards a port to whoever asks.
  bool forwards = false;
  /// Homes of this class among a hundred; chosen so that DCUtR without more brings 70 of 100 pairs
  /// together, which is what the field sees.
  unsigned share = 0;
};
const std::vector<NatClass>& nat_classes();

/// Whether two nodes behind such routers can meet without guessing a port.
bool can_meet(const NatClass& one, const NatClass& other);

struct Meeting {
  net::Path path = net::Path::relay;
  /// From the dial on.
  Duration connected{};
  std::optional<Duration> direct{};
  std::uint64_t trace_hash = 0;
};

enum class Punching : std::uint8_t {
  plain,  // DCUtR as it is specified, at the addresses that peers see
  full,   // what Shoal does
};

/// Lets a node behind `from` dial one behind `to`, of which it knows the address at a relay.
Meeting meet(const NatClass& from, const NatClass& to, std::uint64_t seed,
             Punching punching = Punching::full);

}  // namespace shoal::lab
