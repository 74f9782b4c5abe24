#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// How fast content comes to those who want it, against the number of nodes that have it.
Report run_grow(const ExperimentOptions& options);

}  // namespace shoal::lab
