#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// How often in an hour a node goes, half of them more often.
inline constexpr std::uint64_t kUsualDepartures = 3;

/// Lookups after a part of all nodes went at once, by Shoal's rules and by the usual ones; then
/// lookups and records in a network whose nodes come and go.
Report run_churn(const ExperimentOptions& options);

}  // namespace shoal::lab
