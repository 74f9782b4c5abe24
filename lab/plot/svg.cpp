#include "lab/plot/svg.h"

#include <fmt/format.h>

#include <cmath>

namespace shoal::lab {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += letter;
    }
  }
  return out;
}

std::string number_text(double value) {
  if (!std::isfinite(value)) return "none";
  if (std::abs(value) >= 1000) {
    std::string digits = fmt::format("{:.0f}", std::abs(value));
    for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
    return (value < 0 ? "-" : "") + digits;
  }
  const int decimals = std::abs(value) >= 100 ? 0 : std::abs(value) >= 10 ? 1 : 2;
  std::string out = fmt::format("{:.{}f}", value, decimals);
  if (decimals > 0) {
    out.erase(out.find_last_not_of('0') + 1);
    if (out.ends_with('.')) out.pop_back();
  }
  return out == "-0" ? "0" : out;
}

namespace {

/// Beyond it a drawing is not made smaller on a narrow screen, but scrolled.
constexpr double kWide = 600;

}  // namespace

std::string_view plot_style() {
  return R"(:root{color-scheme:light dark;--ink:#1b1f23;--paper:#ffffff;--faint:#d7dce1;--soft:#57606a;
--panel:#f5f7f9;--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#b4699b;--s4:#8a6d00;--s5:#3b3b3b;--s6:#6a3d9a}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--paper:#15181c;--faint:#3a4149;--soft:#a3acb6;
--panel:#1e2329;--s0:#56b4e9;--s1:#ff9a4d;--s2:#3ecf9f;--s3:#e79bc8;--s4:#f0e442;--s5:#c9c9c9;--s6:#b9a3ff}}
svg.plot{display:block;width:100%;max-width:600px;height:auto;font:15px system-ui,sans-serif}
svg.plot.wide{max-width:830px;min-width:620px}
svg.plot text{fill:var(--ink)}svg.plot text.soft{fill:var(--soft)}svg.plot text.title{font-weight:600;font-size:16px}
svg.plot text.small{fill:var(--soft);font-size:13.5px}svg.plot text.value{fill:var(--ink);stroke:var(--paper);stroke-width:3px;paint-order:stroke}svg.plot .bound.two{stroke-dasharray:9 4}svg.plot .grid{stroke:var(--faint);stroke-width:1}
svg.plot .axis{stroke:var(--soft);stroke-width:1}svg.plot .bound{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:2 4;fill:none}
svg.plot .line{fill:none;stroke-width:2.2;stroke-linejoin:round}svg.plot .panel{fill:var(--panel);stroke:var(--faint)}
svg.plot .c0{stroke:var(--s0)}svg.plot .c1{stroke:var(--s1);stroke-dasharray:8 4}svg.plot .c2{stroke:var(--s2);stroke-dasharray:2 3}
svg.plot .c3{stroke:var(--s3);stroke-dasharray:10 3 2 3}svg.plot .c4{stroke:var(--s4);stroke-dasharray:14 4}svg.plot .c5{stroke:var(--s5);stroke-dasharray:1 4}svg.plot .c6{stroke:var(--s6);stroke-dasharray:6 2 1 2 1 2}
svg.plot .f0{fill:var(--s0)}svg.plot .f1{fill:var(--s1)}svg.plot .f2{fill:var(--s2)}svg.plot .f3{fill:var(--s3)}svg.plot .f4{fill:var(--s4)}svg.plot .f5{fill:var(--s5)}svg.plot .f6{fill:var(--s6)}
)";
}

std::string coordinate(double value) {
  return fmt::format("{:.1f}", value);
}

Svg::Svg(double width, double height, std::string_view label)
    : out_(fmt::format(R"(<svg class="plot{}" xmlns="http://www.w3.org/2000/svg" role="img" )"
                       R"(viewBox="0 0 {:.0f} {:.0f}" aria-label="{}">)"
                       "\n",
                       width > kWide ? " wide" : "", width, height, escaped(label))) {}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view style) {
  out_ += fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>)"
                      "\n",
                      x1, y1, x2, y2, style);
}

void Svg::rect(double x, double y, double width, double height, std::string_view style) {
  out_ += fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="{}"/>)"
                      "\n",
                      x, y, width, height, style);
}

void Svg::text(double x, double y, std::string_view anchor, std::string_view words,
               std::string_view style) {
  const std::string kind = style.empty() ? "" : fmt::format(" class=\"{}\"", style);
  out_ += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}"{}>{}</text>)"
                      "\n",
                      x, y, anchor, kind, escaped(words));
}

void Svg::upright_text(double x, double y, std::string_view words) {
  out_ += fmt::format(R"(<text x="{0:.1f}" y="{1:.1f}" text-anchor="middle" class="soft" )"
                      R"x(transform="rotate(-90 {0:.1f} {1:.1f})">{2}</text>)x"
                      "\n",
                      x, y, escaped(words));
}

void Svg::path(std::string_view path, std::string_view style) {
  out_ += fmt::format(R"(<path d="{}" class="{}"/>)"
                      "\n",
                      path, style);
}

void Svg::mark(double x, double y, std::size_t shape, std::string_view style) {
  constexpr double kSize = 4;
  const double s = kSize;
  switch (shape % kPlotColors) {
    case 0:
      out_ += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="{}" class="{}"/>)"
                          "\n",
                          x, y, s, style);
      return;
    case 1:
      return rect(x - s, y - s, 2 * s, 2 * s, style);
    case 2:
      return path(fmt::format("M{:.1f} {:.1f}l{} {}h{}z", x, y - s, s, 2 * s, -2 * s), style);
    case 3:
      return path(fmt::format("M{:.1f} {:.1f}l{} {}l{} {}l{} {}z", x, y - s - 1, s + 1, s + 1,
                              -s - 1, s + 1, -s - 1, -s - 1),
                  style);
    case 4:
      return path(fmt::format("M{:.1f} {:.1f}l{} {}h{}z", x, y + s, s, -2 * s, -2 * s), style);
    case 5:
      return rect(x - s, y - 1.5, 2 * s, 3, style);
    default:
      return path(
          fmt::format("M{:.1f} {:.1f}h3v2.5h2.5v3h-2.5v2.5h-3v-2.5h-2.5v-3h2.5z", x - 1.5, y - 4),
          style);
  }
}

void Svg::arrow(double x1, double x2, double y, std::string_view style) {
  constexpr double kArrowHead = 6;
  const double back = x2 > x1 ? -kArrowHead : kArrowHead;
  line(x1, y, x2, y, fmt::format("line c{}", style));
  path(fmt::format("M{:.1f} {:.1f}l{} -4v8z", x2, y, back), fmt::format("f{}", style));
}

std::string Svg::finish() && {
  out_ += "</svg>\n";
  return std::move(out_);
}

}  // namespace shoal::lab
