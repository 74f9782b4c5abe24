#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// Nodes that name peers that do not exist: with and without holding them to account.
Report run_poison(const ExperimentOptions& options);

}  // namespace shoal::lab
