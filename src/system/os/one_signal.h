#pragma once

namespace shoal::os {

/// Leaves the first SIGINT or SIGTERM to whoever has their handlers now, which must be the same for
/// both; after it both have their own way again, at once and not when an event loop comes to it. So
/// a second one ends a process whatever it hangs in.
void take_one_signal();

}  // namespace shoal::os
