#pragma once

#include "lab/scenario.h"

namespace shoal::lab {

/// A hundred nodes get one tree from one sharer over paths that lose 1 % and take 20 to 150 ms,
/// while nodes die and return and partitions come and heal. All must finish with the right bytes.
Outcome run_spread(const RunOptions& options);

}  // namespace shoal::lab
