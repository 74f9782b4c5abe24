#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// Lookups after a part of all nodes went at once, by Shoal's rules and by the usual ones; then
/// lookups and records in a network whose nodes come and go.
Report run_churn(const ExperimentOptions& options);

}  // namespace shoal::lab
