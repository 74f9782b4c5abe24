#pragma once

#include <string>

#include "system/storage.h"

namespace shoal::content {

bool has_index(Storage& storage, const std::string& folder);
void remove_index(Storage& storage, const std::string& folder);

/// Copies the index in `from`, which another process may be writing, to `to`, unless there is one
/// already. Makes none when there is nothing to copy, or no moment at which nobody writes. Throws
/// Error{io}.
void copy_index(Storage& storage, const std::string& from, const std::string& to);

}  // namespace shoal::content
