#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace shoal::lab {

/// Who tells whom what, from top to bottom.
struct SequenceDiagram {
  struct Message {
    std::size_t from;
    std::size_t to;  // equal to `from`: a note at that actor
    std::string words;
    std::string time;
    /// Which colour and dash: 0 to kPlotColors - 1.
    std::size_t kind = 0;
  };
  std::string title;
  std::vector<std::string> actors;
  std::vector<Message> messages;
  /// Name of each kind that is used, for the legend.
  std::vector<std::string> kinds;
};

std::string to_svg(const SequenceDiagram& diagram);

}  // namespace shoal::lab
