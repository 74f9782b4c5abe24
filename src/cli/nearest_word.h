#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shoal::cli {

/// The one of `known` that `word` is mistyped for: at most two letters are missing, too many,
/// wrong, or have changed places with the next. Empty when there is none.
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

}  // namespace shoal::cli
