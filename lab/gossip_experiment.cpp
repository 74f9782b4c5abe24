#include "lab/gossip_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lab/gossip_attacks.h"
#include "lab/gossip_net.h"
#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr Duration kFormMeshes = 20s;
/// Who was left out by the mesh hears of a message within some heartbeats.
constexpr Duration kLast = 10s;
constexpr std::size_t kPublishers = 5;
constexpr std::size_t kRounds = 4;       // messages of each publisher
constexpr std::size_t kFirstRounds = 2;  // before those: trees form
constexpr std::size_t kSmallBytes = 200;
constexpr std::size_t kLargeBytes = 1'000'000;
constexpr std::size_t kLargeMessages = 3;
constexpr Duration kBetweenLarge = 8s;
constexpr double kLineBytesPerSecond = 50e6 / 8;
constexpr std::size_t kLargeScale = 128;
constexpr double kGoneInGossip = 0.1;
constexpr std::size_t kSybils = 4;

struct Run {
  std::string name;
  GossipNet::Result result;
  double sybils_in_meshes = 0;
};

Run run(std::string name, Spreading spreading, double gone, const ExperimentOptions& options,
        Report& report) {
  GossipNet net({.nodes = options.nodes, .spreading = spreading, .publishers = kPublishers},
                options.seed);
  const Duration between = Duration(1s) / options.rate;
  net.run_for(kFormMeshes);
  for (std::size_t i = 0; i < kFirstRounds * kPublishers; ++i) {
    net.publish(kSmallBytes, false);
    net.run_for(between);
  }
  net.run_for(kLast);
  net.let_go(gone);
  net.begin_measuring();
  for (std::size_t i = 0; i < kRounds * kPublishers; ++i) {
    net.publish(kSmallBytes);
    net.run_for(between);
  }
  net.run_for(kLast);
  report.trace_hash = report.trace_hash * 31 + net.trace_hash();
  return {.name = std::move(name), .result = net.result()};
}

Run run_large(std::string name, Spreading spreading, const ExperimentOptions& options,
              Report& report) {
  GossipNet net({.nodes = options.nodes,
                 .spreading = spreading,
                 .publishers = kPublishers,
                 .links = {.bytes_per_second = kLineBytesPerSecond},
                 .scale = kLargeScale},
                options.seed);
  net.run_for(kFormMeshes);
  net.begin_measuring();
  for (std::size_t i = 0; i < kLargeMessages; ++i) {
    net.publish(kLargeBytes);
    net.run_for(kBetweenLarge);
  }
  report.trace_hash = report.trace_hash * 31 + net.trace_hash();
  return {.name = std::move(name), .result = net.result()};
}

/// Sybils in every mesh that takes them: the attack "cold-boot" of those in gossip_attacks.h.
Run run_sybils(std::string name, Spreading spreading, const ExperimentOptions& options,
               Report& report) {
  GossipAttack attack{.name = "cold-boot", .when = GossipAttack::When::cold};
  const GossipAttackOptions wanted{.nodes = options.nodes,
                                   .sybils = kSybils * options.nodes,
                                   .messages = kRounds * kPublishers,
                                   .publishers = kPublishers,
                                   .message_bytes = kSmallBytes};
  const auto out = run_gossip_attack(attack, spreading, wanted, options.seed);
  report.trace_hash = report.trace_hash * 31 + out.trace_hash;
  return {.name = std::move(name), .result = out.result, .sybils_in_meshes = out.sybils_in_meshes};
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

Section cost_section(const std::vector<Run>& runs) {
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
              "pays with heartbeats and gossip, which are in the bytes. With Shoal's extension a "
              "node gets one copy by the fastest way and ids by the others; it asks for a "
              "message whose id came and whose copy did not.",
          .table = std::move(table)};
}

Section large_section(const Run& plain, const Run& trees) {
  Table table{.headings = {"1 MB, 50 Mbit/s", "half within", "99 of 100 within", "received"},
              .rows = {}};
  for (const Run* each : {&plain, &trees}) {
    table.rows.push_back({each->name, number_text(percentile(each->result.seconds, 50)) + " s",
                          number_text(percentile(each->result.seconds, 99)) + " s",
                          number_text(each->result.bytes / kLargeBytes) + " x"});
  }
  return {.heading = "A large message",
          .svg = {},
          .text =
              "Plain gossip passes a message on when it has all of it. With the extension "
              "its pieces take different ways, each passed on as soon as its hash was checked "
              "against the list that the author signed.",
          .table = std::move(table)};
}

void add_figures(Report& report, const std::string& name, const Run& each) {
  report.add(name + "_delivered", 100 * each.result.delivered, "%");
  report.add(name + "_p50", percentile(each.result.seconds, 50), "s");
  report.add(name + "_p99", percentile(each.result.seconds, 99), "s");
  report.add(name + "_copies", each.result.copies, "");
}

bool reached_all(const Run& run) {
  return run.result.delivered == 1;
}

}  // namespace

Report run_gossip(const ExperimentOptions& options) {
  using enum Spreading;
  Report report;
  const Run flood = run("flooding", flooding, 0, options, report);
  const Run mesh = run("gossip", plain, 0, options, report);
  const Run tree = run("trees", trees, 0, options, report);
  const Run mesh_gone = run("gossip, a tenth gone", plain, kGoneInGossip, options, report);
  const Run tree_gone = run("trees, a tenth gone", trees, kGoneInGossip, options, report);
  const Run mesh_sybils = run_sybils("gossip, 4 Sybils for each", plain, options, report);
  const Run tree_sybils = run_sybils("trees, 4 Sybils for each", trees, options, report);
  const Run mesh_large = run_large("gossip", plain, options, report);
  const Run tree_large = run_large("trees", trees, options, report);
  add_figures(report, "flooding", flood);
  add_figures(report, "gossip", mesh);
  add_figures(report, "trees", tree);
  add_figures(report, "tenth_gone", mesh_gone);
  add_figures(report, "trees_tenth_gone", tree_gone);
  add_figures(report, "sybils", mesh_sybils);
  add_figures(report, "trees_sybils", tree_sybils);
  add_figures(report, "large", mesh_large);
  add_figures(report, "trees_large", tree_large);
  report.add("sybils_share_of_meshes", 100 * mesh_sybils.sybils_in_meshes, "%");
  report.claim = fmt::format(
      "A message reaches all of {} nodes, 99 of 100 within {} s, with {} copies a node by gossip "
      "instead of {} by flooding; with trees within {} s and {} copies. When a tenth of the nodes "
      "has just gone it reaches {} % by gossip and {} % by trees; with four Sybils for each honest "
      "node, which hold {} % of the places in meshes, {} % and {} %. 1 MB is there after {} s by "
      "gossip, {} s by trees.",
      options.nodes, number_text(percentile(mesh.result.seconds, 99)),
      number_text(mesh.result.copies), number_text(flood.result.copies),
      number_text(percentile(tree.result.seconds, 99)), number_text(tree.result.copies),
      number_text(100 * mesh_gone.result.delivered), number_text(100 * tree_gone.result.delivered),
      number_text(100 * mesh_sybils.sybils_in_meshes),
      number_text(100 * mesh_sybils.result.delivered),
      number_text(100 * tree_sybils.result.delivered),
      number_text(percentile(mesh_large.result.seconds, 99)),
      number_text(percentile(tree_large.result.seconds, 99)));
  report.held = reached_all(mesh) && reached_all(tree) && reached_all(mesh_gone) &&
                reached_all(tree_gone) && reached_all(mesh_sybils) && reached_all(tree_sybils) &&
                reached_all(tree_large) && mesh.result.copies < flood.result.copies / 2 &&
                tree.result.copies < mesh.result.copies / 2;
  const std::vector<Run> all = {flood, mesh, tree, mesh_gone, tree_gone, mesh_sybils, tree_sybils};
  report.sections = {spread_section(all), cost_section(all), large_section(mesh_large, tree_large)};
  return report;
}

}  // namespace shoal::lab
