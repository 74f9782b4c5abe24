#pragma once

#include "service/content_source.h"
#include "service/reader.h"

namespace shoal::service {

inline bool is_folder(const UnixfsNode& node) {
  return std::holds_alternative<DirectoryNode>(node.kind) ||
         std::holds_alternative<ShardNode>(node.kind);
}

/// Counts what is below `cid`, fetching no raw leaves but a root that is one. Throws Error{limit}
/// for more than 2^24 entries.
Task<Stat> stat_content(ContentSource& source, Cid cid);

}  // namespace shoal::service
