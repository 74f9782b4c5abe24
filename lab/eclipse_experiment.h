#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// Each address of a /16 network is that of one attacker.
inline constexpr std::size_t kMostAttackersOfOneNetwork = 1 << 16;

/// Many attackers for each honest node, all of one IP group: with and without limits for a group.
Report run_eclipse(const ExperimentOptions& options);

}  // namespace shoal::lab
