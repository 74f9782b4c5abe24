#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// Two who exchange what they get, among many who take and give nothing.
Report run_freeride(const ExperimentOptions& options);

}  // namespace shoal::lab
