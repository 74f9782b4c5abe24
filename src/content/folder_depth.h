#pragma once

#include <cstddef>

namespace shoal::content {

/// Folders within folders: what is imported can be downloaded.
constexpr std::size_t kMaxFolderDepth = 256;

}  // namespace shoal::content
