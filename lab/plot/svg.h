#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace shoal::lab {

/// Text in which &, <, > and quotes are safe in HTML and SVG.
std::string escaped(std::string_view text);

/// A number for people: about three significant digits, no exponent, "1,200" from a thousand on.
std::string number_text(double value);

/// Colours, dashes and fonts of every drawing, for the <style> of a page. Light and dark by the
/// reader's preference; the palette is Okabe and Ito's, told apart by the colour-blind as well.
std::string_view plot_style();

/// Series beyond this look like earlier ones.
inline constexpr std::size_t kPlotColors = 7;

/// An SVG under construction, in units of its own width.
class Svg {
 public:
  /// `label` is read aloud to those who do not see it.
  Svg(double width, double height, std::string_view label);

  void line(double x1, double y1, double x2, double y2, std::string_view style);
  void rect(double x, double y, double width, double height, std::string_view style);
  /// `anchor`: start, middle or end.
  void text(double x, double y, std::string_view anchor, std::string_view words,
            std::string_view style = "");
  /// Turned to be read from below, about its middle.
  void upright_text(double x, double y, std::string_view words);
  /// `path` as in the attribute d.
  void path(std::string_view path, std::string_view style);
  /// One of six shapes about a point, so that series differ without colour.
  void mark(double x, double y, std::size_t shape, std::string_view style);
  void arrow(double x1, double x2, double y, std::string_view style);

  std::string finish() &&;

 private:
  std::string out_;
};

/// A coordinate with one decimal.
std::string coordinate(double value);

}  // namespace shoal::lab
