#pragma once

#include <memory>

#include "library/loop.h"

namespace shoal::library {

/// A loop on a thread of its own, in the real world.
std::shared_ptr<Loop> make_real_loop();

}  // namespace shoal::library
