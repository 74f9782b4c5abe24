#pragma once

#include "lab/scenario.h"

namespace shoal::lab {

/// One node gets a tree from another and loses power twenty times on the way; its disk then loses
/// what was not synced. It must finish with the right bytes, and fetch again no more than what
/// was lost: that which lay there right before a loss of power and no longer after it, and a little
/// that was in flight.
Outcome run_resume(const RunOptions& options);

}  // namespace shoal::lab
