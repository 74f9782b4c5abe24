#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// One shares, others get it one after the other: who sent which bytes, who keeps which records.
Report run_share(const ExperimentOptions& options);

}  // namespace shoal::lab
