#include "lab/nat_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lab/lookups.h"
#include "lab/nat_net.h"
#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr double kCell = 84;
constexpr double kRow = 44;
constexpr double kHead = 150;
constexpr double kTop = 64;

struct Pair {
  const NatClass* from;
  const NatClass* to;
  Meeting meeting;

  bool is_direct() const { return meeting.path != net::Path::relay; }
};

std::string cell_text(const Pair& pair) {
  if (!pair.is_direct()) return "relay";
  return fmt::format("{} {:.2f} s", net::name_of(pair.meeting.path),
                     seconds_of(*pair.meeting.direct));
}

/// Who dials in rows, who is dialled in columns.
std::string matrix(const std::vector<Pair>& pairs) {
  const auto& classes = nat_classes();
  const double count = static_cast<double>(classes.size());
  Svg svg(kHead + count * kCell + 8, kTop + count * kRow + 8, "Which pairs of NATs meet directly");
  svg.text(8, 18, "start", "Dials (rows) and is dialled (columns)", "title");
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const double at = static_cast<double>(i);
    svg.text(kHead - 8, kTop + (at + 0.5) * kRow + 4, "end", classes[i].name);
    // Long names take two lines.
    const auto space = classes[i].name.rfind(' ');
    const double middle = kHead + (at + 0.5) * kCell;
    if (space == std::string::npos) {
      svg.text(middle, kTop - 8, "middle", classes[i].name);
    } else {
      svg.text(middle, kTop - 24, "middle", classes[i].name.substr(0, space));
      svg.text(middle, kTop - 8, "middle", classes[i].name.substr(space + 1));
    }
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const double x = kHead + static_cast<double>(i % classes.size()) * kCell;
    const double y = kTop + static_cast<double>(i / classes.size()) * kRow;
    svg.rect(x + 1, y + 1, kCell - 2, kRow - 2, "panel");
    svg.mark(x + kCell / 2, y + 14, pairs[i].is_direct() ? 0 : 1,
             pairs[i].is_direct() ? "f0" : "f1");
    svg.text(x + kCell / 2, y + 34, "middle", cell_text(pairs[i]), "soft");
  }
  return std::move(svg).finish();
}

Table table_of(const std::vector<Pair>& pairs) {
  Table table{.headings = {"dials", "is dialled", "connected after", "in the end", "after"},
              .rows = {}};
  for (const Pair& pair : pairs) {
    const auto& direct = pair.meeting.direct;
    table.rows.push_back({pair.from->name, pair.to->name,
                          number_text(seconds_of(pair.meeting.connected)) + " s",
                          std::string(net::name_of(pair.meeting.path)),
                          direct ? number_text(seconds_of(*direct)) + " s" : ""});
  }
  return table;
}

}  // namespace

Report run_nat(const ExperimentOptions& options) {
  Report report;
  std::vector<Pair> pairs;
  std::vector<double> direct_after;
  std::size_t expected = 0, met = 0, wrong = 0;
  for (const NatClass& from : nat_classes()) {
    for (const NatClass& to : nat_classes()) {
      pairs.push_back({&from, &to, meet(from, to, options.seed)});
      const Pair& pair = pairs.back();
      report.trace_hash = report.trace_hash * 31 + pair.meeting.trace_hash;
      expected += can_meet(from, to) ? 1U : 0U;
      met += pair.is_direct() ? 1U : 0U;
      wrong += can_meet(from, to) && !pair.is_direct() ? 1U : 0U;
      if (pair.is_direct()) direct_after.push_back(seconds_of(*pair.meeting.direct));
    }
  }
  report.add("pairs", static_cast<double>(pairs.size()), "");
  report.add("direct", static_cast<double>(met), "");
  report.add("direct_p50", percentile(direct_after, 50), "s");
  report.add("direct_p100", percentile(direct_after, 100), "s");
  report.claim = fmt::format(
      "Of {} pairs of NATs, {} need no guess of a port, and all but {} of these met directly, half "
      "of them within {} s of the dial; in all, {} pairs did. The others talk through the relay.",
      pairs.size(), expected, wrong, number_text(percentile(direct_after, 50)), met);
  report.held = wrong == 0;
  report.sections = {
      {.heading = "Who meets whom",
       .svg = matrix(pairs),
       .text =
           "A node dials another of which it knows only the address at a relay. Both then tell "
           "each other where they are seen, and dial at the same moment. A symmetric NAT shows "
           "every destination another port, so that nobody knows which one to dial: it meets "
           "only those whose routers let anybody in, or anybody of an address that was called."},
      {.heading = "When", .table = table_of(pairs)}};
  return report;
}

}  // namespace shoal::lab
