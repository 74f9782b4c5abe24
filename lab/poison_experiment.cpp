#include "lab/poison_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "lab/attackers.h"
#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr std::array kPoisonShares = {0.0, 0.1, 0.2, 0.3, 0.4};
// Fewer in small networks, which are for a quick look.
constexpr std::size_t kPoisonLookups = 60;
constexpr std::size_t kPoisonLookupsOfFew = 30;
constexpr std::size_t kFewAmongPoisoners = 500;

/// The shares of the drawing, and the one that the claim is about in place of the nearest of them.
std::array<double, kPoisonShares.size()> shares_with(double chosen) {
  std::array out = kPoisonShares;
  *std::ranges::min_element(out, {}, [&](double share) { return std::abs(share - chosen); }) =
      chosen;
  return out;
}

Lookups poisoned(const ExperimentOptions& options, const kad::Rules& rules, double share,
                 const Answering& answering, Report& report) {
  LightNet net(options.nodes, options.seed);
  for (std::uint32_t i = 0; i < net.size(); ++i) {
    if (net.random().happens(share)) net.node(i).behave(answering);
  }
  const bool is_small = options.nodes < kFewAmongPoisoners;
  Lookups out = look_up(net, rules, is_small ? kPoisonLookupsOfFew : kPoisonLookups);
  report.trace_hash = report.trace_hash * 31 + net.world().trace_hash();
  return out;
}

}  // namespace

Report run_poison(const ExperimentOptions& options) {
  Report report;
  const Answering answering = names_nobody(options.seed);
  Series success{.name = "closest node found: namers held to account", .points = {}};
  Series success_usual{.name = "closest node found: the usual rules", .points = {}};
  Series time{.name = "namers held to account, deadlines by round trips", .points = {}};
  Series time_usual{.name = "the usual rules: alpha 10, 5 s for each peer", .points = {}};
  Lookups claimed, claimed_usual;
  const double chosen = static_cast<double>(options.attackers) / static_cast<double>(options.nodes);
  for (const double share : shares_with(chosen)) {
    const Lookups ours = poisoned(options, {}, share, answering, report);
    const Lookups usual = poisoned(options, kad::Rules::usual(), share, answering, report);
    success.points.push_back({100 * share, 100 * ours.succeeded});
    success_usual.points.push_back({100 * share, 100 * usual.succeeded});
    time.points.push_back({100 * share, percentile(ours.seconds, 95)});
    time_usual.points.push_back({100 * share, percentile(usual.seconds, 95)});
    if (share == chosen) {
      claimed = ours;
      claimed_usual = usual;
    }
  }
  report.add("poisoners", 100 * chosen, "%");
  report.add("succeeded", 100 * claimed.succeeded, "%");
  report.add("succeeded_usual_rules", 100 * claimed_usual.succeeded, "%");
  report.add("p95", percentile(claimed.seconds, 95), "s");
  report.add("p95_usual_rules", percentile(claimed_usual.seconds, 95), "s");
  report.add("requests", mean(claimed.asks), "");
  report.claim = fmt::format(
      "{} % of {} nodes answer with peers that do not exist: {} % of lookups find the closest "
      "node all the same, 19 of 20 within {} s (usual rules: {} %, {} s).",
      number_text(100 * chosen), options.nodes, number_text(100 * claimed.succeeded),
      number_text(percentile(claimed.seconds, 95)), number_text(100 * claimed_usual.succeeded),
      number_text(percentile(claimed_usual.seconds, 95)));
  report.held = claimed.succeeded >= 0.99;
  const LineChart found{.title = "Lookups among poisoners",
                        .x = {.label = "percent of all nodes that invent peers"},
                        .y = {.label = "percent", .from = 0, .to = 105},
                        .series = {success, success_usual}};
  const LineChart took{.title = "What asking for nobody costs",
                       .x = {.label = "percent of all nodes that invent peers"},
                       .y = {.label = "seconds, 19 of 20 are faster", .logarithmic = true},
                       .series = {time, time_usual}};
  report.sections = {
      {.heading = "Found all the same",
       .svg = to_svg(found),
       .text =
           "A peer whose named peers do not answer becomes a suspect, and what it alone named is "
           "left out."},
      {.heading = "Time", .svg = to_svg(took)}};
  return report;
}

}  // namespace shoal::lab
