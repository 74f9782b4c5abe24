#pragma once

#include <string>
#include <vector>

namespace shoal::cli {

/// The whole command, without its own name in front; returns its exit code.
int run(const std::vector<std::string>& arguments);

}  // namespace shoal::cli
