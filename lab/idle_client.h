#pragma once

#include <cstddef>
#include <cstdint>

#include "system/time.h"

namespace shoal::lab {

struct IdleClientOptions {
  std::size_t nodes = 1'000;  // the client among them
  std::uint64_t seed = 1;
  /// Before anything is measured the client has been there for so long, longer than what comes with
  /// joining.
  Duration settling = 5min;
  Duration watched = 1h;
};

/// What a node that nobody wants anything from costs its line, by what `shoal status` shows of it.
struct IdleClient {
  std::size_t peers_known = 0;  // in its table of the DHT, at the end
  std::size_t most_connections = 0;
  double mean_connections = 0;
  /// Bytes a second over all that was watched, and in the worst minute of it.
  double in_rate = 0;
  double out_rate = 0;
  double most_in_rate = 0;
  double most_out_rate = 0;
  std::uint64_t trace_hash = 0;
};

/// Whole nodes that serve a DHT, with tables as if they had been there for long, and one that joins
/// as a client by a single bootstrap peer and then has nothing to do. The others look nothing up.
IdleClient watch_idle_client(const IdleClientOptions& options);

}  // namespace shoal::lab
