#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

inline constexpr std::size_t kStreamBytes = 1'000'000;

/// The ways in which nodes talk, and who carries what for whom: streams, requests, topics, tunnels.
Report run_message(const ExperimentOptions& options);

}  // namespace shoal::lab
