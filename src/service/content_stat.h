#pragma once

#include "content/repeat_budget.h"
#include "service/content_source.h"
#include "service/reader.h"

namespace shoal::service {

inline bool is_folder(const UnixfsNode& node) {
  return std::holds_alternative<DirectoryNode>(node.kind) ||
         std::holds_alternative<ShardNode>(node.kind);
}

/// Each is remembered in 12 to 24 bytes.
inline constexpr std::size_t kMaxStatBlocks = 2'900'000;

/// Counts what is below `cid`, fetching no raw leaves but a root that is one, and nothing twice:
/// what occurs in several places costs no more than once. Sums stop at 2^64 - 1. Throws
/// Error{limit} for a tree of more than kMaxStatBlocks different blocks.
Task<Stat> stat_content(ContentSource& source, Cid cid, content::TreeLimits limits);

}  // namespace shoal::service
