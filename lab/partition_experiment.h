#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// A network that is split in two for an hour: with and without trying lost peers again.
Report run_partition(const ExperimentOptions& options);

}  // namespace shoal::lab
