#include "lab/lookup_experiment.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr std::size_t kLookups = 60;
constexpr double kGone = 0.3;
constexpr std::array<std::size_t, 10> kSizes = {100,   200,    500,    1'000,  2'000,
                                                5'000, 10'000, 20'000, 50'000, 100'000};

struct Size {
  std::size_t nodes;
  Lookups healthy;
  Lookups ours;   // with a part of the nodes gone
  Lookups usual;  // the same, by the usual rules
};

Lookups measure(std::size_t nodes, std::uint64_t seed, const kad::Rules& rules, double gone,
                Report& report) {
  LightNet net(nodes, seed);
  let_go(net, gone);
  Lookups out = look_up(net, rules, kLookups);
  report.trace_hash = report.trace_hash * 31 + net.world().trace_hash();
  return out;
}

Section hops_section(const std::vector<Size>& sizes) {
  Series hops{.name = "hops, mean of 60 lookups", .points = {}};
  Series log{.name = "log2(N) / log2(20), for comparison", .points = {}, .is_bound = true};
  for (const Size& size : sizes) {
    const auto n = static_cast<double>(size.nodes);
    hops.points.push_back({n, mean(size.healthy.hops)});
    log.points.push_back({n, std::log2(n) / std::log2(kad::kReplication)});
  }
  const LineChart chart{.title = "A hundred times the nodes, one more hop",
                        .x = {.label = "nodes in the network", .logarithmic = true},
                        .y = {.label = "hops", .from = 0},
                        .series = {hops, log}};
  return {.heading = "Hops",
          .svg = to_svg(chart),
          .text =
              "A hop asks a peer for those nearer to the key. Each answer at least halves the "
              "distance, so the number of hops grows with the logarithm of the network."};
}

Section time_section(const std::vector<Size>& sizes) {
  Series healthy{.name = "everybody there", .points = {}};
  Series ours{.name = "three in ten gone, deadlines by round trips", .points = {}};
  Series usual{.name = "three in ten gone, alpha 10 and 5 s timeouts", .points = {}};
  for (const Size& size : sizes) {
    const auto n = static_cast<double>(size.nodes);
    healthy.points.push_back({n, percentile(size.healthy.seconds, 95)});
    ours.points.push_back({n, percentile(size.ours.seconds, 95)});
    usual.points.push_back({n, percentile(size.usual.seconds, 95)});
  }
  const LineChart chart{.title = "What waiting for the dead costs",
                        .x = {.label = "nodes in the network", .logarithmic = true},
                        .y = {.label = "seconds, 19 of 20 are faster", .logarithmic = true},
                        .series = {healthy, ours, usual}};
  return {.heading = "Time",
          .svg = to_svg(chart),
          .text =
              "The usual rules give each peer 5 s. Shoal waits as long as round trips so far "
              "suggest and asks another peer beside one that is slow."};
}

Section size_table(const std::vector<Size>& sizes) {
  Section out{.heading = "By size",
              .table = {.headings = {"nodes", "hops", "requests", "closest found", "p95",
                                     "p95, 30 % gone", "p95, 30 % gone, usual rules"},
                        .rows = {}}};
  for (const Size& size : sizes) {
    out.table.rows.push_back(
        {number_text(static_cast<double>(size.nodes)), number_text(mean(size.healthy.hops)),
         number_text(mean(size.healthy.asks)), number_text(100 * size.healthy.found) + " %",
         number_text(percentile(size.healthy.seconds, 95)) + " s",
         number_text(percentile(size.ours.seconds, 95)) + " s",
         number_text(percentile(size.usual.seconds, 95)) + " s"});
  }
  return out;
}

}  // namespace

Report run_lookup(const ExperimentOptions& options) {
  Report report;
  std::vector<Size> sizes;
  const auto add = [&](std::size_t nodes) {
    options.begin(fmt::format("lookups among {} nodes", nodes));
    sizes.push_back({.nodes = nodes,
                     .healthy = measure(nodes, options.seed, {}, 0, report),
                     .ours = measure(nodes, options.seed, {}, kGone, report),
                     .usual = measure(nodes, options.seed, kad::Rules::usual(), kGone, report)});
  };
  for (const std::size_t nodes : kSizes) {
    if (nodes < options.nodes) add(nodes);
  }
  add(options.nodes);

  const Size& largest = sizes.back();
  const double hops = mean(largest.healthy.hops);
  const double most = std::log2(static_cast<double>(largest.nodes)) / 2;
  const double ours = percentile(largest.ours.seconds, 95);
  const double usual = percentile(largest.usual.seconds, 95);
  report.add("nodes", static_cast<double>(largest.nodes), "");
  report.add("hops", hops, "hops");
  report.add("requests", mean(largest.healthy.asks), "");
  report.add("closest_found", 100 * largest.healthy.found, "%");
  report.add("p50", percentile(largest.healthy.seconds, 50), "s");
  report.add("p95", percentile(largest.healthy.seconds, 95), "s");
  report.add("p95_30_percent_gone", ours, "s");
  report.add("p95_30_percent_gone_usual_rules", usual, "s");
  report.claim = fmt::format(
      "Among {} nodes a lookup takes {} hops, fewer than half of log2(N) = {}. With three in ten "
      "gone, 19 of 20 end within {} s; by the usual rules within {} s.",
      number_text(static_cast<double>(largest.nodes)), number_text(hops), number_text(2 * most),
      number_text(ours), number_text(usual));
  report.held = hops <= most && 5 * ours <= usual && largest.healthy.succeeded >= 0.99;
  report.sections = {hops_section(sizes), time_section(sizes), size_table(sizes)};
  return report;
}

}  // namespace shoal::lab
