#include "cli/progress_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/display_text.h"
#include "cli/units.h"

namespace shoal::cli {

namespace {

constexpr std::size_t kWidestName = 30;
constexpr std::size_t kNarrowestName = 8;
constexpr std::size_t kWidestBar = 24;
constexpr std::size_t kNarrowestBar = 5;

double fraction(const Progress& progress) {
  const double part =
      static_cast<double>(progress.bytes_done) / static_cast<double>(progress.bytes_total);
  return std::min(part, 1.0);
}

std::string percent(const Progress& progress) {
  if (progress.bytes_total == 0) return {};
  // Rounded down: 100 % is for what is complete.
  return fmt::format("{:3d} %", static_cast<int>(fraction(progress) * 100));
}

std::string bytes(const Progress& progress) {
  if (progress.bytes_total == 0) {
    if (progress.bytes_done == 0 && !progress.waiting.empty()) return {};
    const std::string size = format_size(progress.bytes_done);
    return progress.what.empty() ? size : fmt::format("{} {}", size, progress.what);
  }
  return format_size(progress.bytes_done) + " of " + format_size(progress.bytes_total);
}

std::string peers(const Progress& progress) {
  if (!progress.peers) return {};
  const std::string path = progress.path.empty() ? "" : fmt::format(" ({})", progress.path);
  return fmt::format("{} {}{}", *progress.peers, *progress.peers == 1 ? "peer" : "peers", path);
}

std::string bar(const Progress& progress, std::size_t width) {
  const auto full = static_cast<std::size_t>(fraction(progress) * static_cast<double>(width - 2));
  return "[" + std::string(full, '#') + std::string(width - 2 - full, '-') + "]";
}

/// In the order of the line; `rank` says who stays, lowest first.
struct Part {
  int rank;
  std::string text;
};

std::vector<Part> parts_of(const Progress& progress) {
  std::vector<Part> parts = {{.rank = 1, .text = percent(progress)},
                             {.rank = 3, .text = bytes(progress)}};
  if (progress.waiting.empty()) {
    parts.push_back({.rank = 2, .text = format_size(progress.rate) + "/s"});
    if (progress.rest) {
      const auto seconds = std::chrono::floor<std::chrono::seconds>(*progress.rest);
      parts.push_back({.rank = 4, .text = format_time(seconds) + " left"});
    }
    parts.push_back({.rank = 5, .text = peers(progress)});
  }
  std::erase_if(parts, [](const Part& part) { return part.text.empty(); });
  return parts;
}

/// Drops parts until the rest, with two spaces before each, takes at most `width`.
std::size_t fit(std::vector<Part>& parts, std::size_t width) {
  for (;;) {
    std::size_t used = 0;
    for (const auto& part : parts) used += 2 + columns(part.text);
    if (used <= width || parts.empty()) return used;
    parts.erase(std::ranges::max_element(parts, {}, &Part::rank));
  }
}

}  // namespace

std::string render(const Progress& progress, std::size_t width) {
  const std::string name = for_terminal(progress.name);
  std::vector<Part> parts = parts_of(progress);
  const std::size_t least_name = std::min({columns(name), kNarrowestName, width});
  const std::size_t tail = fit(parts, width - least_name);
  std::size_t left = width - tail;

  std::string line = shorten(name, std::min(left, kWidestName));
  left -= columns(line);
  const bool waits = !progress.waiting.empty();
  if (!waits && progress.bytes_total > 0 && left >= kNarrowestBar + 2) {
    line += "  " + bar(progress, std::min(left - 2, kWidestBar));
  }
  for (const auto& part : parts) line += "  " + part.text;
  if (waits && left > 4) line += "  " + shorten(for_terminal(progress.waiting), left - 2);
  return line;
}

}  // namespace shoal::cli
