#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// Hops and time of lookups against the size of the network, with and without dead peers, by
/// Shoal's rules and by the usual ones.
Report run_lookup(const ExperimentOptions& options);

}  // namespace shoal::lab
