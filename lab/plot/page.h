#pragma once

#include <string>
#include <vector>

namespace shoal::lab {

/// A table; every row has as many cells as there are headings.
struct Table {
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;
};

/// A part of a page: a drawing, what to see in it, numbers. Any of them may be empty.
struct Section {
  std::string heading;
  std::string svg{};   // as the plot library makes
  std::string text{};  // plain; escaped on the way into the page
  Table table{};
};

/// A page that stands alone: no scripts, no network.
struct Page {
  std::string title;
  std::string lead;
  /// The outcome, in a box.
  std::string verdict;
  bool held = true;
  std::vector<Section> sections;
  std::string foot;
};

std::string to_html(const Page& page);

}  // namespace shoal::lab
