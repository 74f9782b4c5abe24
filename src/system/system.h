#pragma once

#include "system/clock.h"
#include "system/faults.h"
#include "system/network.h"
#include "system/offload.h"
#include "system/random.h"
#include "system/storage.h"
#include "system/waits.h"

namespace shoal {

/// THE SEAM: all that a node may ask of the world. system/os makes a real one, system/sim one for
/// each simulated host. Everything else is given a System& (or the part it needs) and reads no
/// clock, draws no number, opens no socket or file, and starts no thread by itself. Outlives all
/// that uses it.
struct System {
  Waits& waits;
  Clock& clock;
  Random& random;
  Network& network;
  Resolver& resolver;
  Storage& storage;
  Offload& offload;
  Faults& faults;

  const Executor& executor() const { return waits.executor(); }
};

}  // namespace shoal
