#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// What still works when any node, half of all, or the first one is killed; beside one server.
Report run_survive(const ExperimentOptions& options);

}  // namespace shoal::lab
