#include "content/local_block.h"

namespace shoal::content {

std::optional<SharedBytes> inline_block(const Cid& cid) {
  const Multihash& hash = cid.hash();
  if (hash.is(HashCode::identity)) return SharedBytes(to_bytes(hash.digest()));
  if (hash.is_computable() && hash.matches({})) return SharedBytes();
  return std::nullopt;
}

}  // namespace shoal::content
