#pragma once

#include <vector>

#include "system/network.h"

namespace shoal::os {

/// This host's interfaces by index, as the kernel lists them. Throws Error{io}.
std::vector<NetworkInterface> list_interfaces();

}  // namespace shoal::os
