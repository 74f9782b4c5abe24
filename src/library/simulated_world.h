#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include <shoal/sim.h>

#include "base/error.h"
#include "library/loop.h"
#include "system/sim/world.h"

namespace shoal::library {

struct SimulatedWorld;

struct SimulatedMachine {
  SimulatedWorld& world;
  sim::Host& host;
};

/// What is behind a shoal::Simulation.
struct SimulatedWorld {
  explicit SimulatedWorld(const SimulationOptions& options);

  SimulatedHost add_host(sim::HostOptions options);

  /// Runs what lets time pass. Coroutines must not call this.
  template <class Run>
  void pass(Run run) {
    if (passing) throw Error(ErrorCode::usage, "a coroutine cannot let time pass");
    passing = true;
    struct End {
      bool& flag;
      ~End() { flag = false; }
    } end{passing};
    run();
  }

  sim::World world;
  const TimePoint start;
  bool passing = false;
  std::deque<SimulatedMachine> machines;
  std::shared_ptr<Loop> loop;  // of what belongs to no node
};

}  // namespace shoal::library
