#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lab/plot/chart.h"
#include "lab/plot/page.h"
#include "lab/plot/sequence.h"
#include "lab/plot/svg.h"

namespace shoal::lab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t out = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++out;
  return out;
}

LineChart chart_of(std::vector<Series> series, bool logarithmic = false) {
  return {.title = "T",
          .x = {.label = "x", .logarithmic = logarithmic},
          .y = {.label = "y"},
          .series = std::move(series)};
}

TEST(Plot, numbers_are_short_and_have_no_exponent) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(0.5), "0.5");
  EXPECT_EQ(number_text(2.345), "2.35");
  EXPECT_EQ(number_text(12.34), "12.3");
  EXPECT_EQ(number_text(999), "999");
  EXPECT_EQ(number_text(1000), "1,000");
  EXPECT_EQ(number_text(1234567), "1,234,567");
  EXPECT_EQ(number_text(-1234), "-1,234");
  EXPECT_EQ(number_text(NAN), "none");
}

TEST(Plot, ticks_are_round_and_inside_of_the_axis) {
  EXPECT_THAT(ticks_between(0, 10), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(log_ticks_between(100, 2000), ElementsAre(100, 200, 500, 1000, 2000));
  EXPECT_THAT(log_ticks_between(1, 10'000), ElementsAre(1, 10, 100, 1000, 10'000));
  for (const double tick : ticks_between(0.3, 0.31)) {
    EXPECT_GE(tick, 0.3 - 1e-9);
    EXPECT_LE(tick, 0.31 + 1e-9);
  }
}

TEST(Plot, a_chart_has_a_line_for_each_series_and_marks_that_differ) {
  const std::string svg =
      to_svg(chart_of({{.name = "a", .points = {{1, 1}, {2, 2}}},
                       {.name = "b", .points = {{1, 2}, {2, 1}}},
                       {.name = "least", .points = {{1, 0}, {2, 0}}, .is_bound = true}}));
  EXPECT_EQ(count(svg, "class=\"line c0\""), 2u);  // and its place in the legend
  EXPECT_EQ(count(svg, "class=\"line c1\""), 2u);
  EXPECT_EQ(count(svg, "class=\"bound\""), 2u);
  EXPECT_EQ(count(svg, "<circle"), 3u);
  EXPECT_THAT(svg, HasSubstr(">least<"));
}

TEST(Plot, leaves_out_what_cannot_be_drawn) {
  const std::string svg = to_svg(
      chart_of({{.name = "a", .points = {{0, 1}, {10, NAN}, {10, 1}, {100, INFINITY}}}}, true));
  EXPECT_EQ(count(svg, "<circle"), 2u);  // one point, and the legend
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
  EXPECT_THAT(to_svg(chart_of({})), HasSubstr("<svg"));
}

TEST(Plot, words_of_others_do_not_become_markup) {
  EXPECT_EQ(escaped("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
  const Page page{.title = "<script>", .lead = "", .verdict = "", .sections = {}, .foot = ""};
  EXPECT_THAT(to_html(page), Not(HasSubstr("<script>")));
}

TEST(Plot, bars_have_their_values_written_on_them) {
  const std::string svg = to_svg(BarChart{.title = "T",
                                          .y_label = "percent",
                                          .groups = {"one", "two"},
                                          .series = {{.name = "a", .values = {50, 99.5}}}});
  EXPECT_EQ(count(svg, "class=\"f0\""), 3u);  // and the legend
  EXPECT_THAT(svg, HasSubstr(">99.5<"));
}

TEST(Plot, values_of_bars_do_not_cover_one_another) {
  const std::string svg =
      to_svg(BarChart{.title = "T",
                      .y_label = "KB",
                      .groups = {"a", "b", "c", "d", "e", "f"},
                      .series = {{.name = "one", .values = {1234, 1, 1, 1, 1, 1}},
                                 {.name = "other", .values = {1250, 900, 1, 1, 1, 1}}}});
  EXPECT_THAT(svg, HasSubstr(">1,234<"));
  EXPECT_THAT(svg, Not(HasSubstr(">1,250<")));
  EXPECT_THAT(svg, HasSubstr(">900<"));
}

TEST(Plot, names_of_narrow_groups_take_more_than_one_line) {
  const std::string svg =
      to_svg(BarChart{.title = "T",
                      .y_label = "copies",
                      .groups = {"gossip, a third", "b", "c", "d", "e", "f"},
                      .series = {{.name = "one", .values = {1, 2, 3, 4, 5, 6}}}});
  EXPECT_THAT(svg, HasSubstr(">gossip, a<"));
  EXPECT_THAT(svg, HasSubstr(">third<"));
}

TEST(Plot, a_sequence_has_an_arrow_for_each_message) {
  const std::string svg =
      to_svg(SequenceDiagram{.title = "T",
                             .actors = {"a", "b"},
                             .messages = {{.from = 0, .to = 1, .words = "hello", .time = "0 s"},
                                          {.from = 1, .to = 1, .words = "thinks", .time = "1 s"}},
                             .kinds = {"says"}});
  EXPECT_THAT(svg, HasSubstr(">hello<"));
  EXPECT_THAT(svg, HasSubstr(">thinks<"));
  EXPECT_EQ(count(svg, "class=\"line c0\""), 2u);  // and the legend
}

TEST(Plot, every_colour_has_a_style_for_lines_and_for_marks) {
  const std::string style(plot_style());
  for (std::size_t i = 0; i < kPlotColors; ++i) {
    const std::string number = std::to_string(i);
    EXPECT_EQ(count(style, "--s" + number + ":#"), 2u);  // light and dark
    EXPECT_EQ(count(style, ".c" + number + "{"), 1u);
    EXPECT_EQ(count(style, ".f" + number + "{"), 1u);
  }
}

TEST(Plot, a_page_follows_the_readers_preference_and_loads_nothing) {
  const Page page{
      .title = "T", .lead = "L", .verdict = "V", .held = false, .sections = {}, .foot = ""};
  const std::string html = to_html(page);
  EXPECT_THAT(html, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_THAT(html, HasSubstr("It did not hold:"));
  EXPECT_THAT(html, Not(HasSubstr("src=")));
  EXPECT_THAT(html, Not(HasSubstr("url(")));
}

}  // namespace
}  // namespace shoal::lab
