#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// One file to N nodes: by one server, and with receivers that serve what they have.
Report run_distribute(const ExperimentOptions& options);

}  // namespace shoal::lab
