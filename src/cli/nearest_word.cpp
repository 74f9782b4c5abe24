#include "cli/nearest_word.h"

#include <algorithm>
#include <cstddef>

namespace shoal::cli {

namespace {

constexpr std::size_t kMostMistakes = 2;

/// Optimal string alignment; `a` and `b` are short.
std::size_t mistakes(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> least(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      auto& here = least[i][j];
      if (i == 0 || j == 0) {
        here = i + j;
        continue;
      }
      const std::size_t wrong = a[i - 1] == b[j - 1] ? 0 : 1;
      here = std::min({least[i - 1][j] + 1, least[i][j - 1] + 1, least[i - 1][j - 1] + wrong});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) here = std::min(here, least[i - 2][j - 2] + 1);
    }
  }
  return least[a.size()][b.size()];
}

}  // namespace

std::string nearest_word(std::string_view word, const std::vector<std::string>& known) {
  std::string nearest;
  std::size_t fewest = kMostMistakes + 1;
  for (const std::string& each : known) {
    const std::size_t longer = std::max(word.size(), each.size());
    if (longer - std::min(word.size(), each.size()) > kMostMistakes) continue;
    const std::size_t here = mistakes(word, each);
    // Of a short word as many mistakes leave nothing.
    if (here >= fewest || here >= each.size()) continue;
    fewest = here;
    nearest = each;
  }
  return nearest;
}

}  // namespace shoal::cli
