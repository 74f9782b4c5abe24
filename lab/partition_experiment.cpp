#include "lab/partition_experiment.h"

#include <fmt/format.h>

#include <algorithm>

#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"
#include "lab/records.h"
#include "lab/upkeep.h"

namespace shoal::lab {

namespace {

constexpr Duration kSplitFor = 1h;
constexpr Duration kHealedFor = 30min;
constexpr Duration kPartitionSample = 10min;
constexpr Duration kRecordsMadeAfter = 15min;
constexpr std::size_t kRecordsOfAHalf = 6;
constexpr std::size_t kAsksAcross = 24;

struct SplitSample {
  double minutes;
  double across;  // of table entries, those of the other half
  double found;   // of the other half's records
};

/// A network in two halves, by chance.
class Split {
 public:
  Split(const ExperimentOptions& options, bool remembers)
      : net_(options.nodes, options.seed), upkeep_(net_) {
    for (std::uint32_t i = 0; i < net_.size(); ++i) {
      net_.node(i).remember_lost(remembers);
      half_.push_back(static_cast<unsigned>(net_.random().below(2)));
    }
  }

  std::vector<SplitSample> run() {
    // Tables are of use for a while before.
    net_.world().run_for(12min);
    for (std::uint32_t i = 0; i < net_.size(); ++i) net_.set_side(i, half_[i]);
    const TimePoint split_at = net_.world().now();
    net_.world().run_for(kRecordsMadeAfter);
    records_ = provide_some(net_, 2 * kRecordsOfAHalf);
    std::vector<SplitSample> out;
    bool healed = false;
    for (Duration at = 20min; at <= kSplitFor + kHealedFor; at += kPartitionSample) {
      if (at > kSplitFor && !healed) {
        net_.world().run_until(std::max(net_.world().now(), split_at + kSplitFor));
        for (std::uint32_t i = 0; i < net_.size(); ++i) net_.set_side(i, 0);
        healed = true;
      }
      net_.world().run_until(std::max(net_.world().now(), split_at + at));
      out.push_back(sample(seconds_of(at) / 60));
    }
    return out;
  }

  std::uint64_t trace_hash() { return net_.world().trace_hash(); }

 private:
  SplitSample sample(double minutes) {
    SplitSample out{.minutes = minutes, .across = 0, .found = 0};
    double entries = 0;
    for (std::uint32_t i = 0; i < net_.size(); ++i) {
      for (const auto& entry : net_.node(i).table().all()) {
        entries += 1;
        out.across += half_[*net_.find(entry.id)] == half_[i] ? 0 : 1;
      }
    }
    out.across /= std::max(1.0, entries);
    for (std::size_t i = 0; i < kAsksAcross; ++i) {
      const Record& record = records_[i % records_.size()];
      std::uint32_t asker = net_.any_up();
      while (half_[asker] == half_[record.provider]) asker = net_.any_up();
      out.found += finds(net_, asker, record) ? 1.0 / kAsksAcross : 0;
    }
    return out;
  }

  LightNet net_;
  Upkeep upkeep_;
  std::vector<unsigned> half_;
  std::vector<Record> records_;
};

Section found_section(const std::vector<SplitSample>& with,
                      const std::vector<SplitSample>& without) {
  Series own{.name = "lost peers are tried again", .points = {}};
  Series others{.name = "lost peers are forgotten", .points = {}};
  for (const SplitSample& one : with) own.points.push_back({one.minutes, 100 * one.found});
  for (const SplitSample& one : without) others.points.push_back({one.minutes, 100 * one.found});
  const LineChart chart{.title = "Records of the other half that are found",
                        .x = {.label = "minutes since the split; it heals after 60"},
                        .y = {.label = "percent", .from = 0, .to = 105},
                        .series = {own, others}};
  return {.heading = "Finding across the cut",
          .svg = to_svg(chart),
          .text =
              "While it is split, each half works on by itself and forgets the other: peers that "
              "do not answer lose their seats. If nobody remembers them, two networks are left "
              "when the cut heals."};
}

Section tables_section(const std::vector<SplitSample>& with,
                       const std::vector<SplitSample>& without) {
  Series own{.name = "lost peers are tried again", .points = {}};
  Series others{.name = "lost peers are forgotten", .points = {}};
  for (const SplitSample& one : with) own.points.push_back({one.minutes, 100 * one.across});
  for (const SplitSample& one : without) others.points.push_back({one.minutes, 100 * one.across});
  const LineChart chart{.title = "Table entries that lead to the other half",
                        .x = {.label = "minutes since the split; it heals after 60"},
                        .y = {.label = "percent", .from = 0, .to = 60},
                        .series = {own, others}};
  return {.heading = "Routing tables", .svg = to_svg(chart)};
}

}  // namespace

Report run_partition(const ExperimentOptions& options) {
  Report report;
  Split with(options, true);
  const std::vector<SplitSample> own = with.run();
  Split without(options, false);
  const std::vector<SplitSample> others = without.run();
  report.trace_hash = with.trace_hash() * 31 + without.trace_hash();

  double during = 0;
  for (const SplitSample& one : own) {
    if (one.minutes <= seconds_of(kSplitFor) / 60) during = std::max(during, one.found);
  }
  report.add("found_across_while_split", 100 * during, "%");
  report.add("found_across_after", 100 * own.back().found, "%");
  report.add("found_across_after_without_memory", 100 * others.back().found, "%");
  report.add("entries_across_after", 100 * own.back().across, "%");
  report.add("entries_across_after_without_memory", 100 * others.back().across, "%");
  report.claim = fmt::format(
      "{} nodes were split for an hour. Half an hour after it healed, {} % of the records that one "
      "half had made meanwhile were found from the other; with lost peers forgotten, {} %.",
      options.nodes, number_text(100 * own.back().found), number_text(100 * others.back().found));
  report.held = during == 0 && own.back().found >= 0.99;
  report.sections = {found_section(own, others), tables_section(own, others)};
  return report;
}

}  // namespace shoal::lab
