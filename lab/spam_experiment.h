#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// How long honest messages of a topic take while spammers flood it, with and without a check.
Report run_spam(const ExperimentOptions& options);

}  // namespace shoal::lab
