#include "lab/distribute_experiment.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "lab/crowd.h"
#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr std::array<std::size_t, 7> kReceivers = {2, 4, 8, 16, 32, 64, 128};
constexpr Duration kDistributeLimit = 1h;

struct Distributed {
  std::size_t receivers;
  double last = 0;  // seconds until the last had it
  double mean_time = 0;
  double source_sent = 0;  // of the file, by the one who had it
  bool complete = false;
  std::uint64_t trace_hash = 0;
};

/// Not below it, whatever anybody does: the source sends each block once, and all who have one send
/// as fast as it does (P2P lower bound for equal uploads; Mundinger, Weber and Weiss, 2008).
double swarm_bound(std::size_t receivers) {
  const double once = static_cast<double>(Crowd::kFileBytes) / Crowd::kUpBytes;
  const double blocks = std::ceil(static_cast<double>(Crowd::kFileBytes) / Crowd::kLeafBytes);
  return once * (1 + std::floor(std::log2(static_cast<double>(receivers))) / blocks);
}

double server_bound(std::size_t receivers) {
  return static_cast<double>(receivers) * Crowd::kFileBytes / Crowd::kUpBytes;
}

Distributed distribute(std::uint64_t seed, std::size_t receivers, bool serving) {
  Crowd crowd(seed);
  LabNode& source = crowd.add();
  std::vector<std::size_t> getters;
  for (std::size_t i = 0; i < receivers; ++i) {
    getters.push_back(crowd.size());
    crowd.add();
  }
  crowd.world().run_for(10s);
  const Cid cid = crowd.share(source);
  if (!serving) crowd.keep_apart(1, crowd.size());
  const std::vector<double> times =
      crowd.get_all(getters, cid, {source.address()}, serving, kDistributeLimit);
  Distributed out{.receivers = receivers};
  out.complete = times.size() == receivers;
  out.last = times.empty() ? 0 : times.back();
  out.mean_time = mean(times);
  std::uint64_t sent = 0;
  for (const std::size_t one : getters) {
    out.complete = out.complete && crowd.has_copy(crowd[one]);
    if (!crowd[one].result()) continue;
    for (const service::SourceResult& from : crowd[one].result()->sources) {
      if (from.peer == source.id()) sent += from.bytes;
    }
  }
  out.source_sent = static_cast<double>(sent) / Crowd::kFileBytes;
  out.trace_hash = crowd.world().trace_hash();
  return out;
}

Section last_section(const std::vector<Distributed>& server,
                     const std::vector<Distributed>& swarm) {
  Series one{.name = "one server: receivers do not reach each other", .points = {}};
  Series all{.name = "receivers that serve what they have", .points = {}};
  Series least_server{.name = "bound for one server", .points = {}, .is_bound = true};
  Series least{.name = "bound for a swarm", .points = {}, .is_bound = true};
  for (std::size_t i = 0; i < server.size(); ++i) {
    const auto n = static_cast<double>(server[i].receivers);
    one.points.push_back({n, server[i].last});
    all.points.push_back({n, swarm[i].last});
    least_server.points.push_back({n, server_bound(server[i].receivers)});
    least.points.push_back({n, swarm_bound(server[i].receivers)});
  }
  const LineChart chart{.title = "Until the last one has the file",
                        .x = {.label = "receivers, started together", .logarithmic = true},
                        .y = {.label = "seconds", .logarithmic = true},
                        .series = {one, all, least_server, least}};
  return {
      .heading = "Time",
      .svg = to_svg(chart),
      .text = "One server has one upload, which all share. Receivers that serve bring their own."};
}

Section sent_section(const std::vector<Distributed>& server,
                     const std::vector<Distributed>& swarm) {
  Series one{.name = "one server", .points = {}};
  Series all{.name = "receivers that serve", .points = {}};
  for (const Distributed& each : server) {
    one.points.push_back({static_cast<double>(each.receivers), each.source_sent});
  }
  for (const Distributed& each : swarm) {
    all.points.push_back({static_cast<double>(each.receivers), each.source_sent});
  }
  const LineChart chart{.title = "What the first one has to send",
                        .x = {.label = "receivers", .logarithmic = true},
                        .y = {.label = "times the file", .logarithmic = true},
                        .series = {one, all}};
  return {.heading = "The source's part", .svg = to_svg(chart)};
}

}  // namespace

Report run_distribute(const ExperimentOptions& options) {
  Report report;
  std::vector<Distributed> server, swarm;
  const auto add = [&](std::size_t receivers) {
    server.push_back(distribute(options.seed, receivers, false));
    swarm.push_back(distribute(options.seed, receivers, true));
    report.trace_hash =
        (report.trace_hash * 31 + server.back().trace_hash) * 31 + swarm.back().trace_hash;
  };
  for (const std::size_t receivers : kReceivers) {
    if (receivers < options.nodes) add(receivers);
  }
  add(options.nodes);

  const Distributed& by_server = server.back();
  const Distributed& by_swarm = swarm.back();
  const double bound = swarm_bound(options.nodes);
  report.add("receivers", static_cast<double>(options.nodes), "");
  report.add("last_by_server", by_server.last, "s");
  report.add("last_by_swarm", by_swarm.last, "s");
  report.add("mean_by_swarm", by_swarm.mean_time, "s");
  report.add("bound_for_server", server_bound(options.nodes), "s");
  report.add("bound_for_swarm", bound, "s");
  report.add("source_sent_by_server", by_server.source_sent, "times the file");
  report.add("source_sent_in_swarm", by_swarm.source_sent, "times the file");
  report.claim = fmt::format(
      "{} receivers: the last has the file after {} s from one server, and after {} s when "
      "receivers serve, which is {} times the bound. The source sent it {} times instead of {}.",
      options.nodes, number_text(by_server.last), number_text(by_swarm.last),
      number_text(by_swarm.last / bound), number_text(by_swarm.source_sent),
      number_text(by_server.source_sent));
  bool complete = true;
  for (const Distributed& each : server) complete = complete && each.complete;
  for (const Distributed& each : swarm) complete = complete && each.complete;
  report.held = complete && by_swarm.last <= by_server.last;
  report.sections = {last_section(server, swarm), sent_section(server, swarm)};
  return report;
}

}  // namespace shoal::lab
