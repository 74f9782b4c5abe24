#include "content/local_block.h"

namespace shoal::content {

std::optional<SharedBytes> inline_block(const Cid& cid) {
  const Multihash& hash = cid.hash();
  if (hash.is(HashCode::identity)) return SharedBytes(to_bytes(hash.digest()));
  if (is_empty_block(hash)) return SharedBytes();
  return std::nullopt;
}

bool is_empty_block(const Multihash& hash) {
  return hash.is_computable() && hash.matches({});
}

}  // namespace shoal::content
