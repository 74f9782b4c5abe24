#include "lab/plot/sequence.h"

#include <fmt/format.h>

#include <algorithm>

#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr double kPaperWidth = 520;
constexpr double kMargin = 56;
constexpr double kActorsEnd = 64;
constexpr double kMessageStep = 34;

}  // namespace

std::string to_svg(const SequenceDiagram& diagram) {
  const double rows = static_cast<double>(diagram.messages.size());
  const double end = kActorsEnd + kMessageStep * (rows + 0.5);
  const double height = end + 20 * static_cast<double>(diagram.kinds.size()) + 8;
  Svg svg(kPaperWidth, height, diagram.title);
  const double gap = (kPaperWidth - kMargin - 40) / static_cast<double>(diagram.actors.size());
  const auto column = [&](std::size_t actor) {
    return kMargin + gap * (static_cast<double>(actor) + 0.5);
  };
  svg.text(8, 18, "start", diagram.title, "title");
  for (std::size_t i = 0; i < diagram.actors.size(); ++i) {
    svg.line(column(i), kActorsEnd - 14, column(i), end, "grid");
    svg.rect(column(i) - gap * 0.42, kActorsEnd - 34, gap * 0.84, 22, "panel");
    svg.text(column(i), kActorsEnd - 18, "middle", diagram.actors[i]);
  }
  double y = kActorsEnd + kMessageStep * 0.6;
  for (const SequenceDiagram::Message& message : diagram.messages) {
    const std::string color = fmt::format("{}", message.kind % kPlotColors);
    svg.text(kMargin - 8, y + 4, "end", message.time, "soft");
    if (message.from == message.to) {
      svg.mark(column(message.from), y, message.kind, "f" + color);
      const bool right = message.from + 1 < diagram.actors.size() / 2 + 1;
      svg.text(column(message.from) + (right ? 9 : -9), y + 4, right ? "start" : "end",
               message.words);
    } else {
      svg.arrow(column(message.from), column(message.to), y, color);
      svg.text((column(message.from) + column(message.to)) / 2, y - 5, "middle", message.words);
    }
    y += kMessageStep;
  }
  for (std::size_t i = 0; i < diagram.kinds.size(); ++i) {
    const double at = end + 20 * static_cast<double>(i) + 12;
    svg.arrow(kMargin, kMargin + 40, at - 4, fmt::format("{}", i % kPlotColors));
    svg.text(kMargin + 50, at, "start", diagram.kinds[i]);
  }
  return std::move(svg).finish();
}

}  // namespace shoal::lab
