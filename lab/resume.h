#pragma once

#include "lab/scenario.h"

namespace shoal::lab {

/// One node gets a tree from another and loses power twenty times on the way; its disk then loses
/// what was not synced. It must finish with the right bytes, and fetch again no more than what a
/// loss of power may take: what was in flight or not yet synced.
Outcome run_resume(const RunOptions& options);

}  // namespace shoal::lab
