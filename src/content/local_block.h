#pragma once

#include <optional>

#include "base/shared_bytes.h"
#include "format/cid.h"

namespace shoal::content {

/// The bytes of a block that its CID alone tells, so that nobody needs to be asked: the digest of
/// an identity hash, and the block of no bytes, which other nodes never send (Kubo leaves empty
/// blocks out of its answers). None for every other CID.
std::optional<SharedBytes> inline_block(const Cid& cid);

/// Whether this is the hash of no bytes. Such a block lies in no store, and yet some ask for it.
bool is_empty_block(const Multihash& hash);

}  // namespace shoal::content
