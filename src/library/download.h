#pragma once

#include <shoal/get.h>

#include "node/node.h"

namespace shoal::library {

/// Node::get.
Task<GetResult> get(node::Node& node, std::string link, GetOptions options);

}  // namespace shoal::library
