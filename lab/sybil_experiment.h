#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// Sixty ids nearer to a key than all others: with and without covering the region of the key.
Report run_sybil(const ExperimentOptions& options);

}  // namespace shoal::lab
