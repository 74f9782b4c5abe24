#pragma once

#include <string>
#include <vector>

namespace shoal::cli {

/// `shoal sim SCENARIO …`, for ./dev sim and not in --help: everything behind `sim`. Returns the
/// exit code.
int run_sim(const std::vector<std::string>& arguments);

}  // namespace shoal::cli
