#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// Five whole nodes: one joins, finds, gets, serves, and leaves. Drawn as a sequence, with what
/// each knew after every step.
Report run_basics(const ExperimentOptions& options);

}  // namespace shoal::lab
