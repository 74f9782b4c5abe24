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
constexpr double kHead = 150;
constexpr double kTop = 64;

struct Pair {
  const NatClass* from;
  const NatClass* to;
  Meeting meeting;

  bool is_direct() const { return meeting.path != net::Path::relay; }
};

/// Pairs of homes as chance brings them together.
constexpr int kDraws = 200;
constexpr double kPlainLeast = 65;
constexpr double kPlainMost = 75;
constexpr double kFullLeast = 92;

struct Mix {
  std::size_t plain = 0;     // pairs that met directly by DCUtR alone
  std::size_t full = 0;      // by all that Shoal does
  std::size_t easy = 0;      // pairs that need no guess
  std::size_t easy_met = 0;  // of these, by all that Shoal does
  std::vector<double> direct_after{};
};

const NatClass& draw_home(Random& random) {
  unsigned all = 0;
  for (const NatClass& each : nat_classes()) all += each.share;
  auto at = static_cast<unsigned>(random.below(all));
  for (const NatClass& each : nat_classes()) {
    if (at < each.share) return each;
    at -= each.share;
  }
  SHOAL_CHECK(false);
}

Mix meet_at_random(std::uint64_t seed, std::uint64_t& trace_hash) {
  Mix out;
  sim::SeededRandom random(seed, 0);
  for (int i = 0; i < kDraws; ++i) {
    const NatClass& from = draw_home(random);
    const NatClass& to = draw_home(random);
    const std::uint64_t pair_seed = random.below(1'000'000'000);
    const Meeting plain = meet(from, to, pair_seed, Punching::plain);
    const Meeting full = meet(from, to, pair_seed, Punching::full);
    trace_hash = (trace_hash * 31 + plain.trace_hash) * 31 + full.trace_hash;
    out.plain += plain.direct ? 1U : 0U;
    out.full += full.direct ? 1U : 0U;
    if (full.direct) out.direct_after.push_back(seconds_of(*full.direct));
    if (!can_meet(from, to)) continue;
    ++out.easy;
    out.easy_met += full.direct ? 1U : 0U;
  }
  return out;
}

double percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? 100 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

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
  const Mix mix = meet_at_random(options.seed, report.trace_hash);
  const double plain = percent(mix.plain, kDraws), full = percent(mix.full, kDraws);
  const double easy = percent(mix.easy_met, mix.easy);
  report.add("homes_paired", kDraws, "");
  report.add("homes_direct_plain", plain, "%");
  report.add("homes_direct", full, "%");
  report.add("homes_direct_without_guess", easy, "%");
  report.add("homes_direct_p50", percentile(mix.direct_after, 50), "s");
  report.add("homes_direct_p90", percentile(mix.direct_after, 90), "s");
  report.claim = fmt::format(
      "Of {} pairs of NATs, {} meet directly, half of these within {} s of the dial. Of {} pairs "
      "of "
      "homes drawn at random, DCUtR alone brings {:.1f} % together and Shoal {:.1f} %; of those "
      "that need no guess of a port, {:.1f} %.",
      pairs.size(), met, number_text(percentile(direct_after, 50)), kDraws, plain, full, easy);
  const bool is_the_fields = plain >= kPlainLeast && plain <= kPlainMost;
  report.held = wrong == 0 && mix.easy_met == mix.easy && full >= kFullLeast && is_the_fields;
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
