#include "content/import/stream_hasher.h"

#include <algorithm>

#include "content/import/chunk.h"

namespace shoal::content {

StreamHasher::StreamHasher(const UnixfsProfile& profile)
    : profile_(profile), builder_(profile, [this](const Cid&, Bytes) { ++blocks_; }) {
  chunk_.reserve(profile.chunk_bytes);
}

void StreamHasher::add(ByteView bytes) {
  while (!bytes.empty()) {
    // A full chunk stays until more comes: a file that is one chunk has no other root.
    if (chunk_.size() == profile_.chunk_bytes) add_chunk();
    const std::size_t taken =
        std::min<std::size_t>(bytes.size(), profile_.chunk_bytes - chunk_.size());
    chunk_.insert(chunk_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    bytes = bytes.subspan(taken);
  }
}

void StreamHasher::add_chunk() {
  builder_.add_leaf(leaf_of(chunk_, profile_, {}).root);
  ++blocks_;
  chunk_.clear();
}

StreamResult StreamHasher::finish() {
  if (!chunk_.empty()) add_chunk();
  const FileRoot root = builder_.finish();
  return {.root = root, .blocks = blocks_};
}

}  // namespace shoal::content
