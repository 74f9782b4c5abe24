#include "content/transfer/tree_leaf.h"

#include <algorithm>

namespace shoal::content {

std::optional<TreeLeaf> leaf_in(const Cid& cid, const FileNode& node, ByteView block) {
  if (!node.children.empty() || node.content.empty()) return std::nullopt;
  const auto at = static_cast<std::size_t>(node.content.data() - block.data());
  const ByteView before = block.first(at);
  const ByteView after = block.subspan(at + node.content.size());
  if (std::max(before.size(), after.size()) > ExtentFrame::kMaxBytes) return std::nullopt;
  return TreeLeaf{.cid = cid, .frame = {.before = to_bytes(before), .after = to_bytes(after)}};
}

}  // namespace shoal::content
