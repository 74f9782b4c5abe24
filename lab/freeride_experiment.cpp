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

/// By which some free riders are there before the pair comes.
constexpr Duration kHeadStartOfRiders = 5s;
/// How long they may wait for a part of their own when the pair has all.
constexpr Duration kUntilServed = 3min;
constexpr Duration kFreerideLimit = 30min;
/// How long a pair is watched that is not expected to have it soon.
constexpr Duration kWithoutLimit = 2min;
/// What free riders may cost an honest pair.
constexpr double kMostSlowing = 1.1;

enum class Riders { idle, quiet, early, pretending };

struct Ride {
  std::string name;
  double pair = 0;              // seconds until both had it, or nobody looked any more
  double took_of_source = 0;    // by free riders until then, of what the source's line carries
  double riders_meanwhile = 0;  // times the file that all free riders got by then
  std::size_t served = 0;       // free riders that had got a part in the end
  bool complete = false;        // the pair, by then
  std::uint64_t trace_hash = 0;
};

/// One network: a source, a pair, and free riders.
class Riding {
 public:
  explicit Riding(const ExperimentOptions& options)
      : crowd_(options.seed, {.up_limit = UpLimit::node,
                              .up_bytes = options.up,
                              .file_bytes = static_cast<std::size_t>(options.file_bytes),
                              .dht = false}) {
    for (std::size_t i = 0; i < kFirstRider + options.nodes; ++i) crowd_.add();
    crowd_.world().run_for(1s);
    cid_ = crowd_.share(crowd_[0]);
  }

  /// `pair_exchanges`: without it all are equal to the source, and whoever comes gets a part.
  Ride run(std::string name, Riders kind, bool pair_exchanges, bool to_the_end) {
    if (!pair_exchanges) crowd_.keep_apart(1, kFirstRider);
    Ride out{.name = std::move(name)};
    TaskGroup riding(crowd_.world().waits(), "free riders");
    if (kind != Riders::idle) start(riding, kind == Riders::pretending);
    if (kind == Riders::early) crowd_.world().run_for(kHeadStartOfRiders);
    const double before = bytes_of_riders();
    const TimePoint began = crowd_.world().now();
    const auto times = crowd_.get_all({1, 2}, *cid_, {crowd_[0].address()}, pair_exchanges,
                                      to_the_end ? kFreerideLimit : kWithoutLimit);
    out.complete = times.size() == 2 && crowd_.has_copy(crowd_[1]) && crowd_.has_copy(crowd_[2]);
    out.pair = out.complete ? times.back() : seconds_of(crowd_.world().now() - began);
    const double taken = bytes_of_riders() - before;
    out.riders_meanwhile = taken / static_cast<double>(crowd_.options().file_bytes);
    out.took_of_source = taken / (static_cast<double>(crowd_.options().up_bytes) *
                                  seconds_of(crowd_.world().now() - began));
    if (to_the_end) out.served = wait_for_riders();
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

  double bytes_of_riders() const {
    double out = 0;
    for (const FreeRider& one : riders_) out += static_cast<double>(one.bytes());
    return out;
  }

  std::size_t wait_for_riders() {
    const auto served = [](const FreeRider& one) { return one.bytes() > 0; };
    const TimePoint end = crowd_.world().now() + kUntilServed;
    while (!std::ranges::all_of(riders_, served) && crowd_.world().now() < end) {
      crowd_.world().run_for(1s);
    }
    return static_cast<std::size_t>(std::ranges::count_if(riders_, served));
  }

  Crowd crowd_;
  std::optional<Cid> cid_;
  std::deque<FreeRider> riders_;
};

std::string pair_text(const Ride& ride) {
  return (ride.complete ? "" : "more than ") + number_text(ride.pair);
}

Section pair_section(const std::vector<Ride>& rides) {
  BarChart chart{.title = "Until both of the pair have the file",
                 .y_label = "seconds",
                 .groups = {},
                 .series = {{.name = "the pair", .values = {}}}};
  Table table{.headings = {"", "pair", "free riders got meanwhile"}, .rows = {}};
  for (const Ride& each : rides) {
    chart.groups.push_back(each.name + (each.complete ? "" : ", not yet"));
    chart.series.front().values.push_back(each.pair);
    table.rows.push_back(
        {each.name, pair_text(each) + " s", number_text(each.riders_meanwhile) + " files"});
  }
  return {.heading = "The pair",
          .svg = to_svg(chart),
          .text =
              "Each of the pair gives the other what it has, and the source hears of it, since "
              "neither asks it for what came from the other. It sends to such peers first. A peer "
              "that gives nothing has one turn now and then, and all that is left when nobody who "
              "gives is waiting, so nobody starves. Not solved: what is on its way to free riders "
              "when the pair comes is sent to its end; a peer that says that it exchanges is "
              "believed for four parts, so many that pretend cost the pair as many parts; and two "
              "that do not exchange are two of many. These three are watched for two minutes.",
          .table = std::move(table)};
}

}  // namespace

Report run_freeride(const ExperimentOptions& options) {
  Report report;
  const Ride alone = Riding(options).run("alone", Riders::idle, true, true);
  const Ride quiet = Riding(options).run("free riders", Riders::quiet, true, true);
  const Ride pretending = Riding(options).run("they pretend", Riders::pretending, true, false);
  const Ride early = Riding(options).run("come before", Riders::early, true, false);
  const Ride equal = Riding(options).run("no exchange", Riders::quiet, false, false);
  const double slowing = alone.pair > 0 ? quiet.pair / alone.pair : 0;
  report.add("free_riders", static_cast<double>(options.nodes), "");
  report.add("pair_alone", alone.pair, "s");
  report.add("pair_among_free_riders", quiet.pair, "s");
  report.add("slowed_by_free_riders", 100 * (slowing - 1), "%");
  report.add("pair_among_pretenders", pretending.pair, "s");
  report.add("pair_after_free_riders", early.pair, "s");
  report.add("pair_not_exchanging", equal.pair, "s");
  report.add("free_riders_served", static_cast<double>(quiet.served), "");
  report.add("free_riders_took_meanwhile", 100 * quiet.took_of_source, "% of the source's line");
  for (const Ride* each : {&alone, &quiet, &early, &pretending, &equal}) {
    report.trace_hash = report.trace_hash * 31 + each->trace_hash;
  }
  report.claim = fmt::format(
      "{} getters that never serve slow a pair that exchanges by {} %, started together: {} s "
      "instead of {}. Two "
      "that do not exchange take {} s among them. Each of {} free riders was served, too.",
      options.nodes, number_text(100 * (slowing - 1)), number_text(quiet.pair),
      number_text(alone.pair), pair_text(equal), quiet.served);
  report.held = alone.complete && quiet.complete && equal.pair > quiet.pair &&
                slowing <= kMostSlowing && quiet.served == options.nodes;
  report.sections = {pair_section({alone, quiet, early, pretending, equal})};
  return report;
}

}  // namespace shoal::lab
