#pragma once

#include "lab/experiment.h"

namespace shoal::lab {

/// Many parts, so that what free riders get before anybody is known to give is a small one of all.
inline constexpr std::size_t kFreerideFile = 24'000'000;
inline constexpr std::uint64_t kFreerideUp = 2'000'000;

/// Two who exchange what they get, among many who take and give nothing.
Report run_freeride(const ExperimentOptions& options);

}  // namespace shoal::lab
