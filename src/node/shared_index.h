#pragma once

#include <string>

#include "content/store/block_store.h"
#include "node/home.h"
#include "system/system.h"

namespace shoal::node {

/// Each node of a home writes an index of its own, so that none waits for another. The first node's
/// is the one that lasts: others begin with a copy of it, and the next first node takes over what
/// they have learnt.

/// Makes sure that a node which is not the first has an index to begin with.
void copy_index(System& system, const Home& home);

/// Takes over what other nodes of the home, which have ended, have in their indexes, and removes
/// those. For the first node.
void take_over_indexes(System& system, const Home& home, content::BlockStore& store);

}  // namespace shoal::node
