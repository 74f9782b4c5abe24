#pragma once

#include <memory>

#include "system/system.h"

namespace shoal::cli {

/// Reads from stdin and writes to stdout, which may be anything: a pipe, a file, a terminal. They
/// may be shared with other processes, so they are left blocking, and waited for on the offload
/// pool. Cancellable within a tenth of a second.
std::unique_ptr<Stream> make_standard_stream(System& system);

}  // namespace shoal::cli
