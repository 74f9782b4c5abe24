#include "lab/gossip_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lab/gossip_net.h"
#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr Duration kWarmUp = 20s;
constexpr Duration kBetween = 500ms;
/// Who was left out by the mesh hears of a message within some heartbeats.
constexpr Duration kLast = 10s;
constexpr std::size_t kMessages = 20;
constexpr std::size_t kMessageBytes = 200;
constexpr double kGoneInGossip = 0.1;
constexpr double kSybils = 4;

struct Run {
  std::string name;
  GossipNet::Result result;
  double sybils_in_meshes = 0;
};

Run run(std::string name, const GossipNetOptions& wanted, double gone,
        const ExperimentOptions& options, Report& report) {
  GossipNet net(wanted, options.seed);
  net.run_for(kWarmUp);
  Run out{.name = std::move(name), .result = {}, .sybils_in_meshes = net.sybils_in_meshes()};
  net.let_go(gone);
  for (std::size_t i = 0; i < kMessages; ++i) {
    net.publish(kMessageBytes);
    net.run_for(kBetween);
  }
  net.run_for(kLast);
  out.result = net.result();
  report.trace_hash = report.trace_hash * 31 + net.trace_hash();
  return out;
}

Section spread_section(const std::vector<Run>& runs) {
  LineChart chart{.title = "How soon a message is there",
                  .x = {.label = "seconds after it was published", .logarithmic = true},
                  .y = {.label = "percent of nodes that have it", .from = 0, .to = 100},
                  .series = {}};
  for (const Run& each : runs) {
    Series series{.name = each.name, .points = {}};
    for (const double percent : {1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 100.0})
      series.points.push_back(
          {percentile(each.result.seconds, percent), percent * each.result.delivered});
    chart.series.push_back(std::move(series));
  }
  return {.heading = "One message, everybody",
          .svg = to_svg(chart),
          .text =
              "A node passes a message on to the six or so peers of its mesh, as soon as it comes. "
              "Whoever the mesh left out learns within a heartbeat of a second, from random "
              "others, that the message exists, and asks for it: the long tail on the right."};
}

Section copies_section(const std::vector<Run>& runs) {
  BarChart chart{.title = "Copies of a message that a node receives",
                 .y_label = "copies",
                 .groups = {},
                 .series = {{.name = "copies", .values = {}}}};
  Table table{.headings = {"", "delivered", "half within", "99 of 100 within", "copies", "bytes"},
              .rows = {}};
  for (const Run& each : runs) {
    chart.groups.push_back(each.name);
    chart.series.front().values.push_back(each.result.copies);
    table.rows.push_back({each.name, number_text(100 * each.result.delivered) + " %",
                          number_text(percentile(each.result.seconds, 50)) + " s",
                          number_text(percentile(each.result.seconds, 99)) + " s",
                          number_text(each.result.copies), number_text(each.result.bytes)});
  }
  return {.heading = "What it costs",
          .svg = to_svg(chart),
          .text =
              "Flooding sends a message over every connection. A mesh sends it over a few, and "
              "pays with heartbeats and gossip, which are in the bytes.",
          .table = std::move(table)};
}

void add_figures(Report& report, const std::string& name, const Run& each) {
  report.add(name + "_delivered", 100 * each.result.delivered, "%");
  report.add(name + "_p50", percentile(each.result.seconds, 50), "s");
  report.add(name + "_p99", percentile(each.result.seconds, 99), "s");
  report.add(name + "_copies", each.result.copies, "");
}

}  // namespace

Report run_gossip(const ExperimentOptions& options) {
  Report report;
  const std::size_t nodes = options.nodes;
  const Run mesh = run("gossip", {.nodes = nodes}, 0, options, report);
  const Run flood = run("flooding", {.nodes = nodes, .floods = true}, 0, options, report);
  const Run gone = run("a tenth gone", {.nodes = nodes}, kGoneInGossip, options, report);
  const Run sybils =
      run("4 Sybils for each", {.nodes = nodes, .sybils = kSybils}, 0, options, report);
  add_figures(report, "gossip", mesh);
  add_figures(report, "flooding", flood);
  add_figures(report, "tenth_gone", gone);
  add_figures(report, "sybils", sybils);
  report.add("sybils_share_of_meshes", 100 * sybils.sybils_in_meshes, "%");
  report.claim = fmt::format(
      "Each of {} messages reached all of {} nodes, 99 of 100 within {} s, with {} copies a node "
      "instead of {} by flooding. It still reached {} % when a tenth of the nodes had just gone, "
      "and {} % with four Sybils for each honest node, which held {} % of the places in meshes.",
      kMessages, nodes, number_text(percentile(mesh.result.seconds, 99)),
      number_text(mesh.result.copies), number_text(flood.result.copies),
      number_text(100 * gone.result.delivered), number_text(100 * sybils.result.delivered),
      number_text(100 * sybils.sybils_in_meshes));
  report.held = mesh.result.delivered == 1 && gone.result.delivered == 1 &&
                sybils.result.delivered == 1 && mesh.result.copies < flood.result.copies / 2;
  report.sections = {spread_section({mesh, flood, gone, sybils}),
                     copies_section({mesh, flood, gone, sybils})};
  return report;
}

}  // namespace shoal::lab
