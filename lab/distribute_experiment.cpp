#include "lab/distribute_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr std::array<std::size_t, 9> kReceivers = {2, 4, 8, 16, 32, 64, 128, 256, 512};
/// Beyond it the server's time is its bound, which takes a while to simulate.
constexpr std::size_t kMostOfServer = 32;
/// With more receivers, only every other size below half of theirs is simulated on the way there,
/// and the troubles with so many.
constexpr std::size_t kMany = 128;
constexpr std::size_t kFreeRiderShare = 10;
constexpr std::size_t kLiarShare = 20;
constexpr double kLeaves = 1.05;

CrowdOptions crowd_options(const ExperimentOptions& options) {
  return {.up_limit = UpLimit::node,
          .up_bytes = options.up,
          .file_bytes = static_cast<std::size_t>(options.file_bytes),
          .dht = false};
}

std::vector<Section> distribute_sections(const std::vector<Distributed>& server,
                                         const std::vector<Distributed>& swarm,
                                         const CrowdOptions& options) {
  Series one{.name = "one server", .points = {}};
  Series all{.name = "receivers that serve", .points = {}};
  Series least_server{.name = "bound for one server", .points = {}, .is_bound = true};
  Series least{.name = "bound for a swarm", .points = {}, .is_bound = true};
  Series server_sent{.name = "one server", .points = {}};
  Series source_sent{.name = "source of a swarm", .points = {}};
  for (const Distributed& each : server) {
    const auto n = static_cast<double>(each.what.receivers);
    one.points.push_back({n, each.last});
    server_sent.points.push_back({n, each.source_sent});
  }
  for (const Distributed& each : swarm) {
    const auto n = static_cast<double>(each.what.receivers);
    all.points.push_back({n, each.last});
    least_server.points.push_back({n, server_bound(each.what.receivers, options)});
    least.points.push_back({n, swarm_bound(each.what.receivers, options)});
    source_sent.points.push_back({n, each.source_sent});
  }
  const LineChart time{.title = "Until the last one has the file",
                       .x = {.label = "receivers, started together", .logarithmic = true},
                       .y = {.label = "seconds", .logarithmic = true},
                       .series = {one, all, least_server, least}};
  const LineChart sent{.title = "What the first one has to send",
                       .x = {.label = "receivers", .logarithmic = true},
                       .y = {.label = "times the file", .logarithmic = true},
                       .series = {server_sent, source_sent}};
  return {
      {.heading = "Time",
       .svg = to_svg(time),
       .text = "One server has one upload, which all share. Receivers that serve bring their "
               "own. The server is measured up to 32 receivers, beyond which its line is its "
               "bound."},
      {.heading = "The source's part",
       .svg = to_svg(sent),
       .text = fmt::format(
           "Beside the file it sent {} KB to each of {} receivers: handshakes, names of others, "
           "and which parts there are. The bounds leave that out.",
           number_text(swarm.back().source_sent_beside / 1000), swarm.back().what.receivers)}};
}

double greeting_seconds(std::size_t receivers, const CrowdOptions& options) {
  return static_cast<double>(receivers) * kGreetingBytes / static_cast<double>(options.up_bytes);
}

/// Everything about one number of receivers, and the same for smaller ones.
class Distributing {
 public:
  Distributing(const ExperimentOptions& options, Report& report)
      : options_(options), crowd_(crowd_options(options)), report_(report) {
    for (std::size_t i = 0; i < kReceivers.size(); ++i) {
      if (kReceivers[i] >= options.nodes) break;
      const bool wanted = i % 2 == 0 && 2 * kReceivers[i] < options.nodes;
      if (options.nodes <= kMany || wanted) add(kReceivers[i]);
    }
    add(options.nodes);
    const std::size_t n = std::min(options.nodes, kMany);
    add_trouble({.name = "source leaves", .receivers = n, .source_leaves = kLeaves});
    add_trouble({.name = "free riders",
                 .receivers = n,
                 .free_riders = std::max<std::size_t>(1, n / kFreeRiderShare)});
    add_trouble(
        {.name = "liars", .receivers = n, .liars = std::max<std::size_t>(1, n / kLiarShare)});
  }

  Section trouble_section() const;
  void tell();

 private:
  Distributed run(const Distribution& what) {
    options_.begin(fmt::format("{}, {} receivers", what.name, what.receivers));
    Distributed out = distribute(options_.seed, crowd_, what);
    report_.trace_hash = report_.trace_hash * 31 + out.trace_hash;
    return out;
  }
  void add(std::size_t receivers) {
    if (receivers <= kMostOfServer) {
      server_.push_back(run({.name = "one server", .receivers = receivers, .serving = false}));
    }
    swarm_.push_back(run({.name = "swarm", .receivers = receivers}));
  }
  void add_trouble(const Distribution& what) { troubles_.push_back(run(what)); }
  bool all_complete() const {
    const auto complete = [](const Distributed& one) { return one.complete; };
    return std::ranges::all_of(server_, complete) && std::ranges::all_of(swarm_, complete) &&
           std::ranges::all_of(troubles_, complete);
  }

  const ExperimentOptions options_;
  const CrowdOptions crowd_;
  Report& report_;
  std::vector<Distributed> server_;
  std::vector<Distributed> swarm_;
  std::vector<Distributed> troubles_;
};

Section Distributing::trouble_section() const {
  const std::size_t n = troubles_.front().what.receivers;
  BarChart chart{.title = fmt::format("Until the last of {} has the file", n),
                 .y_label = "times the bound",
                 .groups = {},
                 .series = {{.name = "last receiver", .values = {}}}};
  Table table{
      .headings = {"", "last", "times the bound", "sent by the source", "bad blocks blamed"},
      .rows = {}};
  const auto row = [&](const Distributed& each) {
    const double times = each.last / swarm_bound(n, crowd_);
    chart.groups.push_back(each.what.name);
    chart.series.front().values.push_back(times);
    table.rows.push_back(
        {each.what.name, each.complete ? number_text(each.last) + " s" : "not all",
         number_text(times), number_text(each.source_sent) + " files",
         fmt::format("{} rightly, {} wrongly", each.accusations - each.wrong_accusations,
                     each.wrong_accusations)});
  };
  row(*std::ranges::find(swarm_, n, [](const Distributed& each) { return each.what.receivers; }));
  for (const Distributed& each : troubles_) row(each);
  return {.heading = "With trouble",
          .svg = to_svg(chart),
          .text =
              "The source leaves without a word once it has sent 1.05 times the file. A tenth "
              "more nodes take and never give. A twentieth more say that they have all of it, "
              "and send other bytes; each receiver finds out by the hash, and asks them no "
              "more.",
          .table = std::move(table)};
}

void Distributing::tell() {
  const Distributed& by_swarm = swarm_.back();
  const double bound = swarm_bound(options_.nodes, crowd_);
  const double by_server = server_.back().what.receivers == options_.nodes
                               ? server_.back().last
                               : server_bound(options_.nodes, crowd_);
  std::size_t wrong = 0;
  report_.add("receivers", static_cast<double>(options_.nodes), "");
  report_.add("last_by_server", by_server, "s");
  report_.add("last_by_swarm", by_swarm.last, "s");
  report_.add("mean_by_swarm", by_swarm.mean_time, "s");
  report_.add("bound_for_server", server_bound(options_.nodes, crowd_), "s");
  report_.add("bound_for_swarm", bound, "s");
  report_.add("last_by_bound", by_swarm.last / bound, "times");
  report_.add("source_sent_in_swarm", by_swarm.source_sent, "times the file");
  report_.add("source_sent_beside", by_swarm.source_sent_beside / 1000, "KB a receiver");
  for (const Distributed& each : troubles_) {
    std::string name = each.what.name;
    std::ranges::replace(name, ' ', '_');
    report_.add("last_" + name, each.last, "s");
    wrong += each.wrong_accusations;
  }
  const Distributed& lied_to = troubles_.back();
  report_.add("bad_blocks_blamed", static_cast<double>(lied_to.accusations), "");
  report_.add("of_those_wrongly", static_cast<double>(lied_to.wrong_accusations), "");
  report_.claim = fmt::format(
      "{} receivers: the last has the file after {} s where receivers serve, which is {} times the "
      "bound; from one server after {} s. The source sent it {} times instead of {}. {} had it, "
      "too, when the source left after 1.05 times the file, with free riders, and with liars.",
      options_.nodes, number_text(by_swarm.last), number_text(by_swarm.last / bound),
      number_text(by_server), number_text(by_swarm.source_sent), options_.nodes,
      options_.nodes > kMany ? fmt::format("{} receivers", kMany) : "All");
  const double greeting = greeting_seconds(options_.nodes, crowd_);
  const double file = static_cast<double>(crowd_.file_bytes) / static_cast<double>(crowd_.up_bytes);
  report_.held = all_complete() && by_swarm.last <= kMostOfBound * bound + greeting &&
                 by_swarm.source_sent <= kMostSent + greeting / file && wrong == 0;
  report_.sections = distribute_sections(server_, swarm_, crowd_);
  report_.sections.push_back(trouble_section());
}

}  // namespace

Section distribute_bars(const Distributed& server, const Distributed& swarm,
                        const CrowdOptions& options) {
  const std::size_t receivers = swarm.what.receivers;
  return {
      .heading = "Time",
      .svg = to_svg(BarChart{.title = fmt::format("Until the last of {} has the file", receivers),
                             .y_label = "seconds",
                             .groups = {"one server", "receivers that serve"},
                             .series = {{.name = "measured", .values = {server.last, swarm.last}},
                                        {.name = "bound",
                                         .values = {server_bound(receivers, options),
                                                    swarm_bound(receivers, options)}}}}),
      .text =
          "Processes on one machine, which talk over loopback. Their limits of upload are "
          "their own, as by `--up`; processor and disk are what they share."};
}

Report run_distribute(const ExperimentOptions& options) {
  Report report;
  Distributing(options, report).tell();
  return report;
}

}  // namespace shoal::lab
