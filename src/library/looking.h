#pragma once

#include <shoal/content.h>

#include <string>
#include <vector>

#include "library/node_core.h"

namespace shoal::library {

// Node::ls and the like, on the loop.

Task<void> ls(NodeCore& core, std::string link, EntrySink entry, LsOptions options);
Task<void> cat(NodeCore& core, std::string link, PieceSink piece, CatOptions options);
Task<ContentStat> stat(NodeCore& core, std::string link, LookOptions options);
Task<std::vector<Provider>> find_providers(NodeCore& core, std::string cid);
Task<std::vector<std::byte>> get_block(NodeCore& core, std::string cid, LookOptions options);
bool has_block(NodeCore& core, const std::string& cid);

}  // namespace shoal::library
