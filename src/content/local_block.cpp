#include "content/local_block.h"

namespace shoal::content {

std::optional<SharedBytes> inline_block(const Cid& cid) {
  const Multihash& hash = cid.hash();
  if (hash.is(HashCode::identity)) return SharedBytes(to_bytes(hash.digest()));
  if (is_empty_block(hash)) return SharedBytes();
  return std::nullopt;
}

bool is_empty_block(const Multihash& hash) {
  // Asked of every block, nearly all of which have the usual hash.
  static const Multihash usual = Multihash::sha2_256({});
  if (hash.is(HashCode::sha2_256)) return hash == usual;
  return hash.is_computable() && hash.matches({});
}

}  // namespace shoal::content
