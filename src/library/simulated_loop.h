#pragma once

#include <memory>

#include "library/loop.h"

namespace shoal::library {

struct SimulatedMachine;

/// Of a machine of a shoal::Simulation, which outlives it.
std::shared_ptr<Loop> make_simulated_loop(SimulatedMachine& machine);

}  // namespace shoal::library
