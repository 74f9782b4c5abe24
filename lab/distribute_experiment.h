#pragma once

#include "lab/distribute_run.h"
#include "lab/experiment.h"

namespace shoal::lab {

/// One file from one node to many: by a server, and by a swarm, for growing numbers of receivers;
/// then with a source that leaves, with free riders, and with liars.
Report run_distribute(const ExperimentOptions& options);

/// One number of receivers, beside both bounds.
Section distribute_bars(const Distributed& server, const Distributed& swarm,
                        const CrowdOptions& options);

/// The usual file: as many parts as one of 100 MB has.
inline constexpr std::size_t kDistributedFile = 12'000'000;
/// What the last receiver may take, in times of the bound, and the source send, in files.
inline constexpr double kMostOfBound = 1.2;
inline constexpr double kMostSent = 1.3;
/// Beside that, of the source's upload, for each receiver: handshakes, names of other receivers,
/// and what there is to have. Next to nothing for tens of receivers, much for a thousand, who come
/// again once they were turned away for those after them.
inline constexpr double kGreetingBytes = 10'000;

}  // namespace shoal::lab
