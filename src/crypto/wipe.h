#pragma once

#include "base/bytes.h"

namespace shoal::crypto {

/// Overwrites a secret that is no longer needed; the compiler cannot leave it out.
void wipe(MutableBytes secret);

}  // namespace shoal::crypto
