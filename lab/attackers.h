#pragma once

#include <cstdint>
#include <vector>

#include "lab/light_net.h"

namespace shoal::lab {

/// Answers of a node that names the 20 of `fellows` that are nearest to the key, and no provider:
/// only who announced something is shown its own record, so that it believes it to be there.
/// Borrows the net; the fellows are members of it.
Answering names_fellows(LightNet& net, std::vector<std::uint32_t> fellows);

/// Answers of a node that names 20 peers near the key that do not exist.
Answering names_nobody(std::uint64_t seed);

/// Takes every request and answers none.
Answering silent();

}  // namespace shoal::lab
