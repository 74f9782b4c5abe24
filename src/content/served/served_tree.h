#pragma once

#include "content/served/served_blocks.h"
#include "content/store/block_store.h"
#include "format/cid.h"
#include "system/system.h"
#include "system/task.h"

namespace shoal::content {

/// Adds every block of the tree below `root`, all of which the store holds. Reads the interior
/// nodes that lie in the index; a block that lies in a file is a leaf.
Task<void> serve_tree(System& system, BlockStore& store, Cid root, ServedBlocks::Scope& scope);

}  // namespace shoal::content
