#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// Pairs of nodes behind NATs of every class: which meet directly, which by a relay, and when.
Report run_nat(const ExperimentOptions& options);

}  // namespace shoal::lab
