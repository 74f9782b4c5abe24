#include "content/import/chunk.h"

#include <algorithm>

namespace shoal::content {

ChunkLeaf leaf_of(ByteView content, const UnixfsProfile& profile, const UnixfsMetadata& metadata) {
  if (profile.raw_leaves && metadata.empty()) {
    return {.root = {UnixfsProfile::raw_cid(content), content.size(), content.size()}, .frame = {}};
  }
  Leaf leaf = make_leaf(content, profile, metadata);
  // The node's own bytes around the content are few, so the search is short.
  const auto begin =
      std::search(leaf.block.begin(), leaf.block.end(), content.begin(), content.end());
  ExtentFrame frame{
      .before = Bytes(leaf.block.begin(), begin),
      .after = Bytes(begin + static_cast<std::ptrdiff_t>(content.size()), leaf.block.end())};
  return {.root = std::move(leaf.root), .frame = std::move(frame)};
}

std::optional<ChunkLeaf> read_leaf(File& file, std::uint64_t offset, std::size_t length,
                                   const UnixfsProfile& profile, const UnixfsMetadata& metadata) {
  const auto buffer = std::make_unique_for_overwrite<std::uint8_t[]>(length);
  const MutableBytes content(buffer.get(), length);
  if (file.read_at(offset, content) != length) return std::nullopt;
  return leaf_of(content, profile, metadata);
}

}  // namespace shoal::content
