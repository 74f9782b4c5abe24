#include "lab/plot/page.h"

#include <fmt/format.h>

#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr std::string_view kPageStyle =
    R"(body{margin:0 auto;max-width:760px;padding:16px;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}h1{font-size:1.5em;line-height:1.2}h2{font-size:1.15em;margin-top:2em}
.verdict{border:1px solid var(--faint);border-left:6px solid var(--s2);background:var(--panel);padding:10px 14px;border-radius:4px}
.verdict.no{border-left-color:var(--s1)}.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.9em}
th,td{text-align:left;padding:4px 12px 4px 0;border-bottom:1px solid var(--faint);vertical-align:top;min-width:4em}
footer{margin-top:3em;color:var(--soft);font-size:.85em}code{font-size:.95em}
)";

/// Where a name of a figure may be broken.
std::string breakable(std::string text) {
  constexpr std::string_view kBreak = "_<wbr>";
  for (std::size_t at = 0; (at = text.find('_', at)) != text.npos; at += kBreak.size()) {
    text.replace(at, 1, kBreak);
  }
  return text;
}

std::string table_html(const Table& table) {
  if (table.rows.empty()) return "";
  std::string out = "<div class=\"scroll\"><table>\n<tr>";
  for (const std::string& heading : table.headings) out += "<th>" + escaped(heading) + "</th>";
  out += "</tr>\n";
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (const std::string& cell : row) out += "<td>" + breakable(escaped(cell)) + "</td>";
    out += "</tr>\n";
  }
  return out + "</table></div>\n";
}

}  // namespace

std::string to_html(const Page& page) {
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}</title>\n<style>\n{1}</style>\n<style>\n{2}</style>\n<h1>{0}</h1>\n<p>{3}</p>\n",
      escaped(page.title), plot_style(), kPageStyle, escaped(page.lead));
  out += fmt::format("<p class=\"verdict{}\"><strong>{}</strong> {}</p>\n", page.held ? "" : " no",
                     page.held ? "It held:" : "It did not hold:", escaped(page.verdict));
  for (const Section& section : page.sections) {
    if (!section.heading.empty()) out += "<h2>" + escaped(section.heading) + "</h2>\n";
    if (!section.svg.empty()) out += "<div class=\"scroll\">" + section.svg + "</div>\n";
    if (!section.text.empty()) out += "<p>" + escaped(section.text) + "</p>\n";
    out += table_html(section.table);
  }
  return out + "<footer>" + escaped(page.foot) + "</footer>\n</html>\n";
}

}  // namespace shoal::lab
