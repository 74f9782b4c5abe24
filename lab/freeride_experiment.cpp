#include "lab/freeride_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "lab/crowd.h"
#include "lab/free_rider.h"
#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr Duration kFreerideLimit = 20min;
/// What free riders may cost an honest pair.
constexpr double kMostSlowing = 1.1;

enum class Riders { idle, quiet, pretending };

struct Ride {
  std::string name;
  double pair = 0;              // seconds until both had it
  double took_of_source = 0;    // by free riders until then, of what the source's line carries
  double riders_meanwhile = 0;  // times the file that all free riders got by then
  double last_rider = 0;        // seconds; 0: not all of them had it in the end
  bool complete = false;
  std::uint64_t trace_hash = 0;
};

/// One network: a source, a pair, and free riders.
class Riding {
 public:
  explicit Riding(const ExperimentOptions& options) : crowd_(options.seed, {.up_limit = UpLimit::node}) {
    for (std::size_t i = 0; i < kFirstRider + options.nodes; ++i) crowd_.add();
    crowd_.world().run_for(20s);
    cid_ = crowd_.share(crowd_[0]);
  }

  /// `pair_exchanges`: without it all are equal to the source, and whoever comes gets a part.
  Ride run(std::string name, Riders kind, bool pair_exchanges) {
    if (!pair_exchanges) crowd_.keep_apart(1, kFirstRider);
    Ride out{.name = std::move(name)};
    TaskGroup riding(crowd_.world().waits(), "free riders");
    if (kind != Riders::idle) start(riding, kind == Riders::pretending);
    const TimePoint began = crowd_.world().now();
    const auto times = crowd_.get_all({1, 2}, *cid_, {crowd_[0].address()}, pair_exchanges,
                                      kFreerideLimit);
    out.complete = times.size() == 2 && crowd_.has_copy(crowd_[1]) && crowd_.has_copy(crowd_[2]);
    if (out.complete) out.pair = times.back();
    for (const FreeRider& one : riders_) {
      out.riders_meanwhile += static_cast<double>(one.bytes()) / Crowd::kFileBytes;
    }
    const double line = Crowd::kUpBytes * seconds_of(crowd_.world().now() - began);
    out.took_of_source = out.riders_meanwhile * Crowd::kFileBytes / line;
    out.last_rider = wait_for_riders(began);
    crowd_.world().run(riding.stop());
    out.trace_hash = crowd_.world().trace_hash();
    return out;
  }

 private:
  static constexpr std::size_t kFirstRider = 3;

  /// Before the pair, so that whoever comes first has no advantage of it.
  void start(TaskGroup& riding, bool pretend) {
    for (std::size_t i = kFirstRider; i < crowd_.size(); ++i) {
      FreeRider& one = riders_.emplace_back(crowd_[i], pretend);
      riding.spawn(one.take(*cid_, {crowd_[0].address()}));
    }
  }

  double wait_for_riders(TimePoint began) {
    const auto done = [](const FreeRider& one) { return one.done_at().has_value(); };
    while (!std::ranges::all_of(riders_, done)) {
      if (crowd_.world().now() > began + kFreerideLimit) return 0;
      crowd_.world().run_for(1s);
    }
    double last = 0;
    for (const FreeRider& one : riders_) last = std::max(last, seconds_of(*one.done_at() - began));
    return last;
  }

  Crowd crowd_;
  std::optional<Cid> cid_;
  std::deque<FreeRider> riders_;
};

Section pair_section(const std::vector<Ride>& rides) {
  BarChart chart{.title = "Until both of the pair have the file",
                 .y_label = "seconds",
                 .groups = {},
                 .series = {{.name = "the pair", .values = {}}}};
  Table table{.headings = {"", "pair", "free riders had by then", "last free rider"}, .rows = {}};
  for (const Ride& each : rides) {
    chart.groups.push_back(each.name);
    chart.series.front().values.push_back(each.pair);
    table.rows.push_back({each.name, number_text(each.pair) + " s",
                          number_text(each.riders_meanwhile) + " files",
                          each.last_rider > 0 ? number_text(each.last_rider) + " s" : "none"});
  }
  return {.heading = "The pair",
          .svg = to_svg(chart),
          .text = "Each of the pair gives the other what it has, and the source hears of it, since "
                  "neither asks it for what came from the other. Such peers it sends to first. Who "
                  "gives nothing has one turn of twelve, and all of what is left when nobody who "
                  "gives is waiting, so nobody starves.",
          .table = std::move(table)};
}

}  // namespace

Report run_freeride(const ExperimentOptions& options) {
  Report report;
  const Ride alone = Riding(options).run("alone", Riders::idle, true);
  const Ride quiet = Riding(options).run("among free riders", Riders::quiet, true);
  const Ride pretending = Riding(options).run("who pretend", Riders::pretending, true);
  const Ride equal = Riding(options).run("not exchanging", Riders::quiet, false);
  const double slowing = alone.pair > 0 ? quiet.pair / alone.pair : 0;
  report.add("free_riders", static_cast<double>(options.nodes), "");
  report.add("pair_alone", alone.pair, "s");
  report.add("pair_among_free_riders", quiet.pair, "s");
  report.add("slowed_by_free_riders", 100 * (slowing - 1), "%");
  report.add("pair_among_pretenders", pretending.pair, "s");
  report.add("pair_not_exchanging", equal.pair, "s");
  report.add("last_free_rider", quiet.last_rider, "s");
  report.add("free_riders_took_meanwhile", 100 * quiet.took_of_source, "% of the source's line");
  for (const Ride* each : {&alone, &quiet, &pretending, &equal}) {
    report.trace_hash = report.trace_hash * 31 + each->trace_hash;
  }
  report.claim = fmt::format(
      "{} getters that never serve slow a pair that exchanges by {} %: {} s instead of {}. Two "
      "that do not exchange take {} s among them. All free riders have the file after {} s.",
      options.nodes, number_text(100 * (slowing - 1)), number_text(quiet.pair),
      number_text(alone.pair), number_text(equal.pair), number_text(quiet.last_rider));
  report.held = alone.complete && quiet.complete && pretending.complete && equal.complete &&
                slowing <= kMostSlowing && quiet.last_rider > 0;
  report.sections = {pair_section({alone, quiet, pretending, equal})};
  return report;
}

}  // namespace shoal::lab
