#pragma once

#include <cstdint>

namespace shoal::os {

/// What this process could still take without harm to others: what the kernel takes for available,
/// and no more than the limits of the process and of its control group, in bytes. Much where
/// nothing can be told.
std::uint64_t available_memory();

}  // namespace shoal::os
