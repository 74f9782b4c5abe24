#include "lab/poison_experiment.h"

#include <fmt/format.h>

#include <array>

#include "lab/attackers.h"
#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr std::array kPoisonShares = {0.0, 0.1, 0.2, 0.3, 0.4};
constexpr std::size_t kPoisonLookups = 60;

Lookups poisoned(const ExperimentOptions& options, const kad::Rules& rules, double share,
                 const Answering& answering, Report& report) {
  LightNet net(options.nodes, options.seed);
  for (std::uint32_t i = 0; i < net.size(); ++i) {
    if (net.random().happens(share)) net.node(i).behave(answering);
  }
  Lookups out = look_up(net, rules, kPoisonLookups);
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
  Lookups fifth, fifth_usual;
  for (const double share : kPoisonShares) {
    const Lookups ours = poisoned(options, {}, share, answering, report);
    const Lookups usual = poisoned(options, kad::Rules::usual(), share, answering, report);
    success.points.push_back({100 * share, 100 * ours.succeeded});
    success_usual.points.push_back({100 * share, 100 * usual.succeeded});
    time.points.push_back({100 * share, percentile(ours.seconds, 95)});
    time_usual.points.push_back({100 * share, percentile(usual.seconds, 95)});
    if (share == 0.2) {
      fifth = ours;
      fifth_usual = usual;
    }
  }
  report.add("succeeded_with_a_fifth_poisoners", 100 * fifth.succeeded, "%");
  report.add("succeeded_with_a_fifth_poisoners_usual_rules", 100 * fifth_usual.succeeded, "%");
  report.add("p95_with_a_fifth_poisoners", percentile(fifth.seconds, 95), "s");
  report.add("p95_with_a_fifth_poisoners_usual_rules", percentile(fifth_usual.seconds, 95), "s");
  report.add("requests_with_a_fifth_poisoners", mean(fifth.asks), "");
  report.claim = fmt::format(
      "A fifth of {} nodes answer with peers that do not exist: {} % of lookups find the closest "
      "node all the same, 19 of 20 within {} s (usual rules: {} %, {} s).",
      options.nodes, number_text(100 * fifth.succeeded), number_text(percentile(fifth.seconds, 95)),
      number_text(100 * fifth_usual.succeeded), number_text(percentile(fifth_usual.seconds, 95)));
  report.held = fifth.succeeded >= 0.99;
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
