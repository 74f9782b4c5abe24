#pragma once

#include <optional>

#include "content/store/block_store.h"
#include "format/cid.h"
#include "format/unixfs_node.h"

namespace shoal::content {

/// A block that is content of one file with next to nothing around it: it needs no copy beside that
/// file.
struct TreeLeaf {
  Cid cid;
  ExtentFrame frame;  // empty for a raw block
};

/// None for a block that names others, has no content, or has more around it than a frame holds.
/// `node` is what `block` says.
std::optional<TreeLeaf> leaf_in(const Cid& cid, const FileNode& node, ByteView block);

}  // namespace shoal::content
