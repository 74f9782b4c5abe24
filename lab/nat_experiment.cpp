#include "lab/nat_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "lab/lookups.h"
#include "lab/nat_net.h"
#include "lab/plot/svg.h"
#include "system/sim/random.h"

namespace shoal::lab {

namespace {

constexpr double kCell = 84;
constexpr double kRow = 44;
constexpr double kHead = 158;
constexpr double kTop = 64;

struct Pair {
  const NatClass* from;
  const NatClass* to;
  Meeting meeting;

  bool is_direct() const { return meeting.path != net::Path::relay; }
};

/// Each class of homes pairs with each as often as there are homes for it.
std::size_t pairs_of_classes() {
  const auto homes = std::ranges::count_if(nat_classes(), [](auto& one) { return one.share > 0; });
  return static_cast<std::size_t>(homes * homes);
}
constexpr double kPlainLeast = 68;
constexpr double kPlainMost = 72;
constexpr double kFullLeast = 92;

/// Percent of the pairs of homes, each class counted by its share.
struct Mix {
  std::size_t meetings = 0;
  double plain = 0;     // met directly by DCUtR alone
  double full = 0;      // by all that Shoal does
  double easy = 0;      // need no guess
  double easy_met = 0;  // of these, by all that Shoal does
  std::vector<double> direct_after{};
};

void add_pair(Mix& mix, const NatClass& from, const NatClass& to, std::size_t tries, Random& random,
              std::uint64_t& trace_hash) {
  const double weight =
      static_cast<double>(from.share * to.share) / (100.0 * static_cast<double>(tries));
  for (std::size_t i = 0; i < tries; ++i) {
    const std::uint64_t seed = random.below(1'000'000'000);
    const Meeting plain = meet(from, to, seed, Punching::plain);
    const Meeting full = meet(from, to, seed, Punching::full);
    trace_hash = (trace_hash * 31 + plain.trace_hash) * 31 + full.trace_hash;
    ++mix.meetings;
    const bool is_easy = can_meet(from, to);
    mix.easy += is_easy ? weight : 0;
    mix.plain += plain.direct ? weight : 0;
    if (!full.direct) continue;
    mix.full += weight;
    mix.easy_met += is_easy ? weight : 0;
    mix.direct_after.push_back(seconds_of(*full.direct));
  }
}

Mix meet_at_home(const ExperimentOptions& options, std::uint64_t& trace_hash) {
  Mix out;
  sim::SeededRandom random(options.seed, 0);
  const std::size_t tries = std::max<std::size_t>(1, options.nodes / 2 / pairs_of_classes());
  for (const NatClass& from : nat_classes()) {
    for (const NatClass& to : nat_classes()) {
      if (from.share > 0 && to.share > 0) add_pair(out, from, to, tries, random, trace_hash);
    }
  }
  return out;
}

/// The path on one line, and when it was there below it.
void draw_cell(Svg& svg, const Pair& pair, double x, double y) {
  const bool direct = pair.is_direct();
  svg.rect(x + 1, y + 1, kCell - 2, kRow - 2, "panel");
  svg.mark(x + 12, y + kRow / 2, direct ? 0 : 1, direct ? "f0" : "f1");
  constexpr double kWords = 22;
  if (!direct) return svg.text(x + kWords, y + kRow / 2 + 5, "start", "relay", "small");
  const std::string after = fmt::format("{:.2f} s", seconds_of(*pair.meeting.direct));
  svg.text(x + kWords, y + 18, "start", net::name_of(pair.meeting.path), "small");
  svg.text(x + kWords, y + 36, "start", after, "small");
}

/// Long names take two lines, broken where these are most alike.
void draw_column_name(Svg& svg, double middle, const std::string& name) {
  std::size_t best = std::string::npos;
  const auto longer_line = [&](std::size_t space) {
    return std::max(space, name.size() - space - 1);
  };
  for (auto space = name.find(' '); space != std::string::npos; space = name.find(' ', space + 1)) {
    if (best == std::string::npos || longer_line(space) < longer_line(best)) best = space;
  }
  if (best == std::string::npos) return svg.text(middle, kTop - 8, "middle", name);
  svg.text(middle, kTop - 24, "middle", name.substr(0, best));
  svg.text(middle, kTop - 8, "middle", name.substr(best + 1));
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
    draw_column_name(svg, kHead + (at + 0.5) * kCell, classes[i].name);
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const double x = kHead + static_cast<double>(i % classes.size()) * kCell;
    const double y = kTop + static_cast<double>(i / classes.size()) * kRow;
    draw_cell(svg, pairs[i], x, y);
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
  std::size_t met = 0, wrong = 0;
  for (const NatClass& from : nat_classes()) {
    for (const NatClass& to : nat_classes()) {
      pairs.push_back({&from, &to, meet(from, to, options.seed)});
      const Pair& pair = pairs.back();
      report.trace_hash = report.trace_hash * 31 + pair.meeting.trace_hash;
      met += pair.is_direct() ? 1U : 0U;
      wrong += can_meet(from, to) && !pair.is_direct() ? 1U : 0U;
      if (pair.is_direct()) direct_after.push_back(seconds_of(*pair.meeting.direct));
    }
  }
  report.add("pairs", static_cast<double>(pairs.size()), "");
  report.add("direct", static_cast<double>(met), "");
  report.add("direct_p50", percentile(direct_after, 50), "s");
  report.add("direct_p100", percentile(direct_after, 100), "s");
  const Mix mix = meet_at_home(options, report.trace_hash);
  const double easy = 100 * mix.easy_met / mix.easy;
  report.add("homes_paired", static_cast<double>(mix.meetings), "");
  report.add("homes_direct_plain", mix.plain, "%");
  report.add("homes_direct", mix.full, "%");
  report.add("homes_direct_without_guess", easy, "%");
  report.add("homes_direct_p50", percentile(mix.direct_after, 50), "s");
  report.add("homes_direct_p90", percentile(mix.direct_after, 90), "s");
  report.claim = fmt::format(
      "Of {} pairs of NATs, {} meet directly, half of these within {} s of the dial. Among homes "
      "as they are mixed, DCUtR alone brings {:.1f} % of the pairs together and Shoal {:.1f} %; of "
      "those that need no guess of a port, {:.1f} %.",
      pairs.size(), met, number_text(percentile(direct_after, 50)), mix.plain, mix.full, easy);
  const bool is_the_fields = mix.plain >= kPlainLeast && mix.plain <= kPlainMost;
  const bool all_easy_met = mix.easy_met > mix.easy - 1e-6;
  report.held = wrong == 0 && all_easy_met && mix.full >= kFullLeast && is_the_fields;
  report.sections = {
      {.heading = "Who meets whom",
       .svg = matrix(pairs),
       .text =
           "A node dials another of which it knows only the address at a relay. Both then tell "
           "each other where they are seen, and dial at the same moment. A symmetric NAT shows "
           "every destination another port, so that nobody knows which one to dial. Where it takes "
           "ports in order, the next ones are told. Where it takes them at random, the node behind "
           "it opens 256 ports towards the other's one, and the other tries 1024 at random: two of "
           "them meet, nearly always. Two such NATs meet by a relay only. Some routers forward a "
           "port to whoever asks: nothing has to be guessed there."},
      {.heading = "When", .table = table_of(pairs)}};
  return report;
}

}  // namespace shoal::lab
