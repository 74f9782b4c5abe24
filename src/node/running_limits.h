#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "system/system.h"

namespace shoal::node {

/// New limits for the nodes that run in a home, in bytes a second; 0: no limit, none: as it was.
struct RunningLimits {
  std::optional<std::uint64_t> up;
  std::optional<std::uint64_t> down;
};

/// Leaves an order for all nodes that run in `home`, in its file `limits`. Throws Error{io}.
void order_limits(System& system, const std::string& home, const RunningLimits& limits);

/// Sees orders that come while it lives. What was ordered before is not for this node.
class LimitOrders {
 public:
  /// `home` is absolute. Borrows the storage for its life.
  LimitOrders(Storage& storage, const std::string& home);

  /// The limits of an order that has come since the last call; none without one, also when the
  /// file cannot be read or understood.
  std::optional<RunningLimits> next();

 private:
  Storage& storage_;
  const std::string path_;
  std::string seen_;
};

}  // namespace shoal::node
