#include "lab/churn_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"
#include "lab/records.h"
#include "lab/sessions.h"
#include "lab/upkeep.h"

namespace shoal::lab {

namespace {

constexpr std::array kGoneShares = {0.0, 0.1, 0.2, 0.3, 0.4, 0.5};
// Fewer in small networks, which are for a quick look.
constexpr std::size_t kLookupsPerShare = 40;
constexpr std::size_t kLookupsOfFew = 20;
constexpr std::size_t kFewThatGo = 500;
constexpr std::size_t kRecordsPerShare = 12;

// Upkeep of every node costs: an eighth of them show the same, within these bounds.
constexpr std::size_t kShareThatComeAndGo = 8;
constexpr std::size_t kFewestThatComeAndGo = 30;
constexpr std::size_t kMostThatComeAndGo = 120;
constexpr Duration kComeAndGo = 1h;
constexpr Duration kSample = 10min;
constexpr std::size_t kAsksPerSample = 20;
constexpr std::size_t kRecordsOfStayers = 10;

struct AfterLoss {
  double gone;
  Lookups lookups;
  std::size_t records_alive = 0;  // with a holder that is still there
  std::size_t records_found = 0;
};

AfterLoss lose_at_once(const ExperimentOptions& options, const kad::Rules& rules, double gone,
                       Report& report) {
  LightNet net(options.nodes, options.seed);
  const std::vector<Record> records = provide_some(net, kRecordsPerShare);
  let_go(net, gone);
  for (const Record& record : records) net.set_up(record.provider, true);
  const std::size_t lookups = options.nodes < kFewThatGo ? kLookupsOfFew : kLookupsPerShare;
  AfterLoss out{.gone = gone, .lookups = look_up(net, rules, lookups)};
  for (const Record& record : records) {
    if (living_holders(net, record) == 0) continue;
    ++out.records_alive;
    std::uint32_t asker = net.any_up();
    while (asker == record.provider) asker = net.any_up();
    net.node(asker).set_rules(rules);
    out.records_found += finds(net, asker, record) ? 1 : 0;
  }
  report.trace_hash = report.trace_hash * 31 + net.world().trace_hash();
  return out;
}

/// A network whose nodes come and go, except for those that provide something.
class ComeAndGo {
 public:
  ComeAndGo(std::size_t nodes, std::uint64_t seed, Duration median)
      : net_(nodes, seed),
        upkeep_(net_),
        records_(provide_some(net_, kRecordsOfStayers)),
        sessions_(net_, records_, median) {}

  struct Sample {
    double minutes;
    double up;         // share of nodes
    double stale;      // share of table entries whose peer is gone
    double found;      // share of records that a random node finds
    double succeeded;  // share of lookups
  };

  std::vector<Sample> run() {
    const TimePoint begin = net_.world().now();
    std::vector<Sample> out;
    for (Duration at{}; at <= kComeAndGo; at += kSample) {
      net_.world().run_until(std::max(net_.world().now(), begin + at));
      out.push_back(sample(seconds_of(at) / 60));
    }
    return out;
  }

  std::uint64_t trace_hash() { return net_.world().trace_hash(); }

 private:
  Sample sample(double minutes) {
    Sample out{.minutes = minutes, .up = 0, .stale = 0, .found = 0, .succeeded = 0};
    double entries = 0;
    for (std::uint32_t i = 0; i < net_.size(); ++i) {
      if (!net_.up(i)) continue;
      out.up += 1 / static_cast<double>(net_.size());
      for (const auto& entry : net_.node(i).table().all()) {
        entries += 1;
        out.stale += net_.up(*net_.find(entry.id)) ? 0 : 1;
      }
    }
    out.stale /= std::max(1.0, entries);
    for (std::size_t i = 0; i < kAsksPerSample; ++i) {
      const Record& record = records_[i % records_.size()];
      out.found += finds(net_, asker_for(record), record) ? 1.0 / kAsksPerSample : 0;
    }
    out.succeeded = look_up(net_, {}, kAsksPerSample).succeeded;
    return out;
  }

  std::uint32_t asker_for(const Record& record) {
    std::uint32_t out = net_.any_up();
    while (out == record.provider) out = net_.any_up();
    return out;
  }

  LightNet net_;
  Upkeep upkeep_;
  const std::vector<Record> records_;
  const Sessions sessions_;
};

Section loss_section(const std::vector<AfterLoss>& ours, const std::vector<AfterLoss>& usual) {
  Series own{.name = "deadlines by round trips, hedged requests", .points = {}};
  Series others{.name = "the usual rules: alpha 10, 5 s for each peer", .points = {}};
  for (const AfterLoss& loss : ours) {
    own.points.push_back({100 * loss.gone, percentile(loss.lookups.seconds, 95)});
  }
  for (const AfterLoss& loss : usual) {
    others.points.push_back({100 * loss.gone, percentile(loss.lookups.seconds, 95)});
  }
  const LineChart chart{.title = "When many go at once",
                        .x = {.label = "percent of all nodes that went without a word"},
                        .y = {.label = "seconds, 19 of 20 are faster", .logarithmic = true},
                        .series = {own, others}};
  return {.heading = "Lookups right after a loss",
          .svg = to_svg(chart),
          .text =
              "Tables are full of peers that are gone, and nobody knows which. Each one that is "
              "asked costs a wait; how long is up to who asks."};
}

Section time_section(const std::vector<ComeAndGo::Sample>& samples, Duration median) {
  Series up{.name = "nodes that are there", .points = {}};
  Series stale{.name = "table entries whose peer is gone", .points = {}};
  Series found{.name = "records found", .points = {}};
  for (const ComeAndGo::Sample& sample : samples) {
    up.points.push_back({sample.minutes, 100 * sample.up});
    stale.points.push_back({sample.minutes, 100 * sample.stale});
    found.points.push_back({sample.minutes, 100 * sample.found});
  }
  const LineChart chart{.title = "An hour of coming and going",
                        .x = {.label = "minutes"},
                        .y = {.label = "percent", .from = 0, .to = 105},
                        .series = {up, stale, found}};
  return {.heading = "Nodes that come and go",
          .svg = to_svg(chart),
          .text = fmt::format(
              "Half of all sessions are shorter than {} minutes, a few last for many hours. "
              "Each node refreshes what is stale in its table; records stay with the closest "
              "of their first moment.",
              number_text(seconds_of(median) / 60))};
}

double found_share(const std::vector<AfterLoss>& losses) {
  std::size_t alive = 0;
  std::size_t found = 0;
  for (const AfterLoss& loss : losses) {
    alive += loss.records_alive;
    found += loss.records_found;
  }
  return alive == 0 ? 0 : static_cast<double>(found) / static_cast<double>(alive);
}

}  // namespace

Report run_churn(const ExperimentOptions& options) {
  Report report;
  std::vector<AfterLoss> ours, usual;
  for (const double gone : kGoneShares) {
    ours.push_back(lose_at_once(options, {}, gone, report));
    usual.push_back(lose_at_once(options, kad::Rules::usual(), gone, report));
  }
  const Duration median = Duration(1h) / options.rate;
  ComeAndGo network(
      std::clamp(options.nodes / kShareThatComeAndGo, kFewestThatComeAndGo, kMostThatComeAndGo),
      options.seed, median);
  const std::vector<ComeAndGo::Sample> samples = network.run();
  report.trace_hash = report.trace_hash * 31 + network.trace_hash();

  const AfterLoss& half = ours.back();
  const double p99 = percentile(half.lookups.seconds, 99);
  const double records = found_share(ours);
  double worst = 1;
  for (const ComeAndGo::Sample& sample : samples) worst = std::min(worst, sample.found);
  report.add("p95_everybody_there", percentile(ours.front().lookups.seconds, 95), "s");
  report.add("p95_half_gone", percentile(half.lookups.seconds, 95), "s");
  report.add("p99_half_gone", p99, "s");
  report.add("p95_half_gone_usual_rules", percentile(usual.back().lookups.seconds, 95), "s");
  report.add("lookups_succeeded_half_gone", 100 * half.lookups.succeeded, "%");
  report.add("records_found", 100 * records, "%");
  report.add("records_found_while_coming_and_going", 100 * worst, "%");
  report.add("table_entries_gone_in_the_end", 100 * samples.back().stale, "%");
  report.claim = fmt::format(
      "Half of {} nodes went at once: {} % of lookups found the closest node that was left, 99 of "
      "100 within {} s (usual rules: {} s). Of the records with a holder left, {} % were found.",
      options.nodes, number_text(100 * half.lookups.succeeded), number_text(p99),
      number_text(percentile(usual.back().lookups.seconds, 99)), number_text(100 * records));
  report.held = half.lookups.succeeded >= 0.99 && p99 <= 10 && records >= 0.99 && worst >= 0.9;
  report.sections = {loss_section(ours, usual), time_section(samples, median)};
  return report;
}

}  // namespace shoal::lab
