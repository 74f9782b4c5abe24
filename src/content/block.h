#pragma once

#include "base/shared_bytes.h"
#include "format/cid.h"

namespace shoal::content {

/// The largest block that is stored, sent or accepted (Bitswap spec; every IPFS node).
inline constexpr std::size_t kMaxBlockBytes = 2 * 1024 * 1024;

/// Bytes whose hash has been compared with the CID. Whoever makes one has done that.
struct Block {
  Cid cid;
  SharedBytes bytes;
};

}  // namespace shoal::content
