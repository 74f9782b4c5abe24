#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// Ten attackers for each honest node, all of one IP group: with and without limits for a group.
Report run_eclipse(const ExperimentOptions& options);

}  // namespace shoal::lab
