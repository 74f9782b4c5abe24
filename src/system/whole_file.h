#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "system/storage.h"

namespace shoal {

// Small files that are read and written as a whole. Calls block, like Storage's.

/// None when there is no such file. Throws Error{limit} for one that is longer than `max_bytes`,
/// and {io}.
std::optional<Bytes> read_whole(Storage& storage, const std::string& path, std::size_t max_bytes);

/// Under another name first: whoever reads finds the old content or the new one, whole.
void replace_whole(Storage& storage, const std::string& path, ByteView content);

}  // namespace shoal
