#pragma once

#include <optional>
#include <string>
#include <vector>

namespace shoal::lab {

struct Point {
  double x;
  double y;
};

/// One line of a chart. A bound is drawn thin and dotted, without marks.
struct Series {
  std::string name;
  std::vector<Point> points;
  bool is_bound = false;
};

/// An axis covers all points, and `from` and `to` if given.
struct Axis {
  std::string label;
  bool logarithmic = false;
  std::optional<double> from{};
  std::optional<double> to{};
};

/// Lines over a common pair of axes, with a legend.
struct LineChart {
  std::string title;
  Axis x;
  Axis y;
  std::vector<Series> series;
};

/// Groups of bars: one bar of each group for each series.
struct BarChart {
  std::string title;
  std::string y_label;
  std::vector<std::string> groups;
  struct Bars {
    std::string name;
    std::vector<double> values;  // one for each group
  };
  std::vector<Bars> series;
  /// Of the y axis, when the largest value does not decide.
  std::optional<double> to{};
};

/// Inline SVG for a page with plot_style(). Points that are not finite, and those at or below 0 on
/// a logarithmic axis, are left out.
std::string to_svg(const LineChart& chart);
std::string to_svg(const BarChart& chart);

/// Round numbers that divide an axis: 4 to 8 of them inside of [from, to].
std::vector<double> ticks_between(double from, double to);
/// The same for a logarithmic axis: powers of ten, or 1, 2 and 5 of each where those are few.
std::vector<double> log_ticks_between(double from, double to);

}  // namespace shoal::lab
