#pragma once

#include "lab/scenario.h"

namespace shoal::lab {

/// A few sharers, some of which lie, and receivers, some of which know another receiver only;
/// sizes, paths and troubles drawn from the seed. First everything fails now and then: machines
/// die, nets part, fault points inject. Whatever happens, nothing wrong gets a final name, nothing
/// counts as verified that is not, and no honest peer is accused. Then the troubles end, and all
/// finish soon.
Outcome run_faults(const RunOptions& options);

}  // namespace shoal::lab
