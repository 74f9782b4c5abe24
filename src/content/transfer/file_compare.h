#pragma once

#include <cstdint>
#include <optional>

#include "content/store/block_store.h"
#include "format/cid.h"
#include "system/storage.h"

namespace shoal::content {

/// What looking at a place in a file told. `hashed_bytes` counts the work.
struct RangeLook {
  bool matches = false;
  ExtentFrame frame;  // of a leaf that is not raw
  std::uint64_t hashed_bytes = 0;
};

/// Whether [offset, offset + length) of the file is what the leaf `cid` holds: as a raw block, or
/// inside a dag-pb leaf as UnixFS writes them. A hole is looked at without being read. Blocks;
/// belongs into offload(). `length` at most kMaxBlockBytes.
RangeLook look_at_range(File& file, const Cid& cid, std::uint64_t offset, std::uint64_t length);

}  // namespace shoal::content
