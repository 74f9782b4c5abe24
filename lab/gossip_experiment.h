#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// Messages to everybody by gossip, beside flooding; then with nodes that go, and with Sybils in
/// the meshes.
Report run_gossip(const ExperimentOptions& options);

}  // namespace shoal::lab
