#include "format/file_layout.h"

#include <utility>

#include "base/error.h"
#include "base/varint.h"

namespace shoal {

Leaf make_leaf(ByteView content, const UnixfsProfile& profile, const UnixfsMetadata& metadata) {
  if (profile.raw_leaves && metadata.empty()) {
    return {{UnixfsProfile::raw_cid(content), content.size(), content.size()}, to_bytes(content)};
  }
  const Bytes data = encode_unixfs({.type = UnixfsType::file,
                                    .data = content,
                                    .filesize = content.size(),
                                    .metadata = metadata});
  Bytes block = encode_dag_pb({}, ByteView(data));
  FileRoot root{profile.dag_pb_cid(block), content.size(), block.size()};
  return {std::move(root), std::move(block)};
}

BalancedFileBuilder::BalancedFileBuilder(const UnixfsProfile& profile, BlockSink sink)
    : profile_(profile), sink_(std::move(sink)) {
  SHOAL_CHECK(profile_.layout == FileLayout::balanced);
  SHOAL_CHECK(profile_.links_per_node >= 2);
}

void BalancedFileBuilder::add_leaf(const FileRoot& leaf) {
  add(0, leaf);
  ++leaf_count_;
}

void BalancedFileBuilder::add(std::size_t index, const FileRoot& child) {
  if (index == levels_.size()) levels_.emplace_back();
  if (levels_[index].links.size() == profile_.links_per_node) {
    // Not earlier than now: had no child followed, this node would have been the root.
    const FileRoot full = emit(levels_[index], {});
    add(index + 1, full);
  }
  Level& level = levels_[index];
  if (child.content_bytes > kMaxVarint - level.content_bytes) {
    throw Error(ErrorCode::limit, "file of more than 2^63 bytes");
  }
  level.links.push_back({child.cid, {}, child.tsize});
  level.sizes.push_back(child.content_bytes);
  level.content_bytes += child.content_bytes;
}

FileRoot BalancedFileBuilder::emit(Level& level, const UnixfsMetadata& metadata) {
  const Level full = std::exchange(level, {});
  const Bytes data = encode_unixfs({.type = UnixfsType::file,
                                    .filesize = full.content_bytes,
                                    .blocksizes = full.sizes,
                                    .metadata = metadata});
  Bytes block = encode_dag_pb(full.links, ByteView(data));
  const std::uint64_t tsize = cumulative_size(block.size(), full.links);
  FileRoot root{profile_.dag_pb_cid(block), full.content_bytes, tsize};
  sink_(root.cid, std::move(block));
  return root;
}

FileRoot BalancedFileBuilder::finish_leaf(const UnixfsMetadata& metadata, ByteView content) {
  Leaf leaf = make_leaf(content, profile_, metadata);
  sink_(leaf.root.cid, std::move(leaf.block));
  return leaf.root;
}

FileRoot BalancedFileBuilder::finish(const UnixfsMetadata& metadata, ByteView only_leaf) {
  if (leaf_count_ == 0) return finish_leaf(metadata, {});
  if (leaf_count_ == 1) {
    const DagPbLink& link = levels_[0].links.front();
    const std::uint64_t size = levels_[0].content_bytes;
    if (metadata.empty()) return {link.cid, size, link.tsize};
    if (only_leaf.size() != size) {
      throw Error(ErrorCode::usage, "metadata of a small file needs its content");
    }
    return finish_leaf(metadata, only_leaf);
  }
  // Adding to a level may add one above it.
  for (std::size_t index = 0; index + 1 < levels_.size(); ++index) {
    const FileRoot unfinished = emit(levels_[index], {});
    add(index + 1, unfinished);
  }
  return emit(levels_.back(), metadata);
}

}  // namespace shoal
