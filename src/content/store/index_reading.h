#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "content/store/block_store.h"
#include "system/system.h"

namespace shoal::content {

/// What an index holds.
struct IndexReading {
  struct Entry {
    std::string path;
    FileStamp stamp;  // when its blocks were verified
    std::uint64_t blocks = 0;
  };

  std::uint64_t nodes = 0;  // blocks kept in the index itself
  std::uint64_t node_bytes = 0;
  std::vector<Entry> files;  // that blocks are served from, in order of their paths
};

/// Reads the index of the home `folder`, which another process may have open, and changes nothing.
/// None when there is none. Throws Error{io} when it cannot be read.
Task<std::optional<IndexReading>> read_index(System& system, std::string folder);

}  // namespace shoal::content
