#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// The replicated map of the guide's chapter 6 in a network that is cut in two while everybody
/// writes: what is lost, what is not, and when all have the same again.
Report run_consistency(const ExperimentOptions& options);

}  // namespace shoal::lab
