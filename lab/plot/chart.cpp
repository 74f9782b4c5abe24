#include "lab/plot/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ranges>

#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr double kWidth = 520;
constexpr double kHeight = 330;
constexpr double kLeft = 68;
constexpr double kRight = 30;
constexpr double kTop = 34;
constexpr double kBottom = 46;
constexpr double kLegendRow = 22;

bool shown(double value, bool logarithmic) {
  return std::isfinite(value) && (!logarithmic || value > 0);
}

/// From values to places on the paper.
class Scale {
 public:
  Scale(const Axis& axis, double low, double high, double begin, double end)
      : log_(axis.logarithmic), begin_(begin), end_(end) {
    low = axis.from.value_or(low);
    high = axis.to.value_or(high);
    if (!log_ && !axis.from) low = std::min(low, 0.0);
    if (!(high > low)) high = log_ ? low * 10 : low + 1;
    low_ = low;
    high_ = high;
  }

  double at(double value) const {
    const double share =
        log_ ? std::log(value / low_) / std::log(high_ / low_) : (value - low_) / (high_ - low_);
    return begin_ + share * (end_ - begin_);
  }
  std::vector<double> ticks() const {
    return log_ ? log_ticks_between(low_, high_) : ticks_between(low_, high_);
  }

 private:
  bool log_;
  double begin_;
  double end_;
  double low_ = 0;
  double high_ = 1;
};

struct Extent {
  double low = INFINITY;
  double high = -INFINITY;
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

std::pair<Extent, Extent> extents(const LineChart& chart) {
  Extent x, y;
  for (const Series& series : chart.series) {
    for (const Point& point : series.points) {
      if (!shown(point.x, chart.x.logarithmic) || !shown(point.y, chart.y.logarithmic)) continue;
      x.add(point.x);
      y.add(point.y);
    }
  }
  if (x.high < x.low) x = y = {1, 2};
  // Room above the highest line.
  y.high *= chart.y.logarithmic ? 1.15 : 1.05;
  return {x, y};
}

void draw_frame(Svg& svg, const std::string& title, const std::string& y_label, double bottom) {
  svg.text(8, 18, "start", title, "title");
  svg.upright_text(16, (kTop + bottom) / 2, y_label);
  svg.line(kLeft, kTop, kLeft, bottom, "axis");
  svg.line(kLeft, bottom, kWidth - kRight, bottom, "axis");
}

void draw_y_ticks(Svg& svg, const Scale& y) {
  for (const double tick : y.ticks()) {
    svg.line(kLeft, y.at(tick), kWidth - kRight, y.at(tick), "grid");
    svg.text(kLeft - 6, y.at(tick) + 4, "end", number_text(tick), "soft");
  }
}

/// Bounds in turn dotted and dashed.
std::string line_style(const std::vector<Series>& all, std::size_t index) {
  if (!all[index].is_bound) return fmt::format("line c{}", index % kPlotColors);
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(index);
  return std::count_if(all.begin(), end, [](const Series& one) { return one.is_bound; }) % 2 == 0
             ? "bound"
             : "bound two";
}

void draw_series(Svg& svg, const LineChart& chart, std::size_t index, const Scale& x,
                 const Scale& y) {
  const Series& series = chart.series[index];
  std::string path;
  std::vector<Point> marks;
  for (const Point& point : series.points) {
    if (!shown(point.x, chart.x.logarithmic) || !shown(point.y, chart.y.logarithmic)) continue;
    const Point place{x.at(point.x), y.at(point.y)};
    path += (path.empty() ? "M" : "L") + coordinate(place.x) + " " + coordinate(place.y);
    marks.push_back(place);
  }
  if (path.empty()) return;
  const std::size_t color = index % kPlotColors;
  svg.path(path, line_style(chart.series, index));
  constexpr std::size_t kMostMarks = 24;
  if (series.is_bound || marks.size() > kMostMarks) return;
  for (const Point& mark : marks) svg.mark(mark.x, mark.y, index, fmt::format("f{}", color));
}

/// Of small letters, on average.
constexpr double kSmallLetter = 7.6;
constexpr double kSmallLine = 15;

/// The words in lines that fit into `room` in small letters.
std::vector<std::string> lines_of(const std::string& words, double room) {
  std::vector<std::string> out;
  for (const auto part : std::views::split(words, ' ')) {
    const std::string word(part.begin(), part.end());
    const bool fits =
        !out.empty() &&
        static_cast<double>(out.back().size() + 1 + word.size()) * kSmallLetter <= room;
    if (fits) {
      out.back() += ' ' + word;
    } else {
      out.push_back(word);
    }
  }
  return out;
}

/// The values of bars, but for those that would cover one which is there. Drawn after all bars,
/// which would cover them.
class Values {
 public:
  void add(double middle, double y, const std::string& text) {
    const double half = static_cast<double>(text.size()) * kSmallLetter / 2;
    const auto covers = [&](const Place& one) {
      return std::abs(one.y - y) < kSmallLine && middle - half < one.right &&
             middle + half > one.left;
    };
    if (std::ranges::any_of(drawn_, covers)) return;
    drawn_.push_back({middle - half, middle + half, y, text});
  }
  void draw(Svg& svg) const {
    for (const Place& one : drawn_) {
      svg.text((one.left + one.right) / 2, one.y, "middle", one.text, "small value");
    }
  }

 private:
  struct Place {
    double left;
    double right;
    double y;
    std::string text;
  };
  std::vector<Place> drawn_;
};

/// Small letters for what would not fit into `room` in the usual ones.
std::string_view fitting(std::string_view text, double room, std::string_view usual) {
  constexpr double kLetter = 8;
  return static_cast<double>(text.size()) * kLetter > room ? "small" : usual;
}

void draw_legend_row(Svg& svg, double y, const std::vector<Series>& all, std::size_t index) {
  svg.path(fmt::format("M{} {:.1f}h34", kLeft, y - 4), line_style(all, index));
  if (!all[index].is_bound) {
    svg.mark(kLeft + 17, y - 4, index, fmt::format("f{}", index % kPlotColors));
  }
  const std::string& name = all[index].name;
  svg.text(kLeft + 42, y, "start", name, fitting(name, kWidth - kLeft - 42, ""));
}

}  // namespace

std::vector<double> ticks_between(double from, double to) {
  const double rough = (to - from) / 5;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = power;
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    step = factor * power;
    if (step >= rough) break;
  }
  std::vector<double> out;
  for (double at = std::ceil(from / step - 1e-9); at * step <= to + step * 1e-9; ++at) {
    out.push_back(at * step);
  }
  return out;
}

std::vector<double> log_ticks_between(double from, double to) {
  const bool few = std::log10(to / from) < 2.5;
  std::vector<double> out;
  for (double power = std::pow(10, std::floor(std::log10(from))); power <= to; power *= 10) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (factor > 1 && !few) continue;
      const double tick = factor * power;
      if (tick >= from * (1 - 1e-9) && tick <= to * (1 + 1e-9)) out.push_back(tick);
    }
  }
  return out;
}

std::string to_svg(const LineChart& chart) {
  const double legend = kLegendRow * static_cast<double>(chart.series.size()) + 6;
  Svg svg(kWidth, kHeight + legend, chart.title + ": " + chart.y.label + " over " + chart.x.label);
  const double bottom = kHeight - kBottom;
  const auto [x_extent, y_extent] = extents(chart);
  const Scale x(chart.x, x_extent.low, x_extent.high, kLeft, kWidth - kRight);
  const Scale y(chart.y, y_extent.low, y_extent.high, bottom, kTop);
  draw_y_ticks(svg, y);
  for (const double tick : x.ticks()) {
    svg.line(x.at(tick), bottom, x.at(tick), bottom + 4, "axis");
    svg.text(x.at(tick), bottom + 20, "middle", number_text(tick), "soft");
  }
  svg.text((kLeft + kWidth - kRight) / 2, bottom + 39, "middle", chart.x.label, "soft");
  draw_frame(svg, chart.title, chart.y.label, bottom);
  for (std::size_t i = 0; i < chart.series.size(); ++i) draw_series(svg, chart, i, x, y);
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const double at = kHeight + kLegendRow * static_cast<double>(i) + 12;
    draw_legend_row(svg, at, chart.series, i);
  }
  return std::move(svg).finish();
}

std::string to_svg(const BarChart& chart) {
  const double room = (kWidth - kLeft - kRight) / static_cast<double>(chart.groups.size());
  std::size_t lines = 1;
  for (const std::string& name : chart.groups) lines = std::max(lines, lines_of(name, room).size());
  const double head = kHeight + kSmallLine * static_cast<double>(lines - 1);
  const double legend = kLegendRow * static_cast<double>(chart.series.size()) + 6;
  Svg svg(kWidth, head + legend, chart.title + ": " + chart.y_label);
  const double bottom = kHeight - kBottom + 10;
  double most = 0;
  for (const BarChart::Bars& bars : chart.series) {
    for (const double value : bars.values) {
      if (std::isfinite(value)) most = std::max(most, value);
    }
  }
  const Axis axis{.label = chart.y_label, .from = 0, .to = chart.to.value_or(most * 1.1)};
  const Scale y(axis, 0, most, bottom, kTop);
  draw_y_ticks(svg, y);
  draw_frame(svg, chart.title, chart.y_label, bottom);
  const double width = std::min(
      46.0, room * 0.8 / static_cast<double>(std::max<std::size_t>(1, chart.series.size())));
  Values values;
  for (std::size_t group = 0; group < chart.groups.size(); ++group) {
    const double middle = kLeft + room * (static_cast<double>(group) + 0.5);
    const double first = middle - width * static_cast<double>(chart.series.size()) / 2;
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
      const double value = chart.series[i].values[group];
      if (!std::isfinite(value)) continue;
      const double left = first + width * static_cast<double>(i);
      svg.rect(left + 1, y.at(value), width - 2, bottom - y.at(value),
               fmt::format("f{}", i % kPlotColors));
      values.add(left + width / 2, y.at(value) - 4, number_text(value));
    }
    double below = bottom + 18;
    for (const std::string& line : lines_of(chart.groups[group], room)) {
      svg.text(middle, below, "middle", line, lines == 1 ? fitting(line, room, "soft") : "small");
      below += kSmallLine;
    }
  }
  values.draw(svg);
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const double at = head + kLegendRow * static_cast<double>(i) + 4;
    svg.rect(kLeft, at - 11, 14, 14, fmt::format("f{}", i % kPlotColors));
    const std::string& name = chart.series[i].name;
    svg.text(kLeft + 22, at, "start", name, fitting(name, kWidth - kLeft - 22, ""));
  }
  return std::move(svg).finish();
}

}  // namespace shoal::lab
