#include "lab/grow_experiment.h"

#include <fmt/format.h>

#include "lab/crowd.h"
#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr std::size_t kWanting = 4;
constexpr Duration kGrowLimit = 30min;

struct Capacity {
  std::size_t sharers;
  double rate = 0;  // bytes a second, of all who want it together
  std::uint64_t trace_hash = 0;
};

Capacity capacity_of(const ExperimentOptions& options, std::size_t sharers) {
  Crowd crowd(options.seed,
              {.up_bytes = options.up, .file_bytes = static_cast<std::size_t>(options.file_bytes)});
  for (std::size_t i = 0; i < sharers + kWanting; ++i) crowd.add();
  crowd.world().run_for(10s);
  std::optional<Cid> cid;
  std::vector<Multiaddr> providers;
  for (std::size_t i = 0; i < sharers; ++i) {
    cid = crowd.share(crowd[i]);
    providers.push_back(crowd[i].address());
  }
  // What is measured is what the sharers give, not what those who want it pass on.
  crowd.keep_apart(sharers, crowd.size());
  std::vector<std::size_t> wanting;
  for (std::size_t i = sharers; i < crowd.size(); ++i) wanting.push_back(i);
  const std::vector<double> times = crowd.get_all(wanting, *cid, providers, false, kGrowLimit);
  Capacity out{.sharers = sharers};
  const double all = static_cast<double>(kWanting * options.file_bytes);
  if (times.size() == kWanting) out.rate = all / times.back();
  out.trace_hash = crowd.world().trace_hash();
  return out;
}

}  // namespace

Report run_grow(const ExperimentOptions& options) {
  Report report;
  Series measured{.name = "four nodes get the file at once", .points = {}};
  Series one{.name = "one server, whatever the number of users", .points = {}, .is_bound = true};
  Series sum{.name = "uploads of all sharers together", .points = {}, .is_bound = true};
  const double up = static_cast<double>(options.up) / 1e6;
  double first = 0;
  double last = 0;
  for (std::size_t sharers = 1; sharers <= options.nodes; ++sharers) {
    options.begin(fmt::format("{} of {} sharers", sharers, options.nodes));
    const Capacity capacity = capacity_of(options, sharers);
    report.trace_hash = report.trace_hash * 31 + capacity.trace_hash;
    const auto n = static_cast<double>(sharers);
    measured.points.push_back({n, capacity.rate / 1e6});
    one.points.push_back({n, up});
    sum.points.push_back({n, n * up});
    if (sharers == 1) first = capacity.rate;
    last = capacity.rate;
  }
  const double gain = first > 0 ? last / first : 0;
  report.add("rate_of_one_sharer", first / 1e6, "MB/s");
  report.add("rate_of_all_sharers", last / 1e6, "MB/s");
  report.add("gain", gain, "times");
  report.claim = fmt::format(
      "{} nodes that have a file give it {} times as fast as one does: {} MB/s instead of {}. Each "
      "that comes brings its own upload.",
      options.nodes, number_text(gain), number_text(last / 1e6), number_text(first / 1e6));
  report.held = gain >= 0.6 * static_cast<double>(options.nodes);
  const LineChart chart{
      .title = "Capacity grows with each node that has it",
      .x = {.label = fmt::format("nodes that have the file, {} MB/s upload each", number_text(up))},
      .y = {.label = "MB/s, all receivers together", .from = 0},
      .series = {measured, one, sum}};
  report.sections = {{.heading = "Capacity",
                      .svg = to_svg(chart),
                      .text = "The more want something, the more have it soon, and the more can "
                              "give it. A server's line stays what it is."}};
  return report;
}

}  // namespace shoal::lab
