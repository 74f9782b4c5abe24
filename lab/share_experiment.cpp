#include "lab/share_experiment.h"

#include <fmt/format.h>

#include <numeric>

#include "lab/crowd.h"
#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr Duration kShareLimit = 10min;

/// What each node did for the others.
struct Parts {
  std::vector<double> sent;  // bytes of the file
  std::vector<double> received;
  std::vector<double> records;  // that it keeps for others
};

Parts take_parts(Crowd& crowd, const Cid& cid) {
  Parts out;
  out.sent.assign(crowd.size(), 0);
  out.received.assign(crowd.size(), 0);
  for (std::size_t i = 0; i < crowd.size(); ++i) {
    kad::DhtServer* server = crowd[i].node().dht()->dht().server();
    const auto found = server->providers().find(kad::Key::of(cid.hash()), crowd.world().now());
    double others = 0;
    for (const kad::PeerInfo& provider : found) others += provider.id == crowd[i].id() ? 0 : 1;
    out.records.push_back(others);
    if (!crowd[i].result()) continue;
    for (const service::SourceResult& source : crowd[i].result()->sources) {
      out.received[i] += static_cast<double>(source.bytes);
      for (std::size_t from = 0; from < crowd.size(); ++from) {
        if (crowd[from].id() == source.peer) out.sent[from] += static_cast<double>(source.bytes);
      }
    }
  }
  return out;
}

}  // namespace

Report run_share(const ExperimentOptions& options) {
  Report report;
  Crowd crowd(options.seed,
              {.up_bytes = options.up, .file_bytes = static_cast<std::size_t>(options.file_bytes)});
  for (std::size_t i = 0; i < options.nodes; ++i) crowd.add();
  crowd.world().run_for(20s);
  const Cid cid = crowd.share(crowd[0]);
  const std::size_t getters = options.nodes / 2;
  bool complete = true;
  for (std::size_t i = 1; i <= getters; ++i) {
    complete = crowd.get_all({i}, cid, {}, true, kShareLimit).size() == 1 && complete;
    complete = complete && crowd.has_copy(crowd[i]);
    crowd.world().run_for(10s);
  }
  const Parts parts = take_parts(crowd, cid);
  report.trace_hash = crowd.world().trace_hash();

  const double all = std::accumulate(parts.received.begin(), parts.received.end(), 0.0);
  const double by_receivers = all > 0 ? 1 - parts.sent[0] / all : 0;
  const double times_sent = parts.sent[0] / static_cast<double>(options.file_bytes);
  std::size_t keepers = 0;
  for (const double records : parts.records) keepers += records > 0 ? 1 : 0;
  report.add("receivers", static_cast<double>(getters), "");
  report.add("sent_by_the_first", times_sent, "times the file");
  report.add("sent_by_receivers", 100 * by_receivers, "%");
  report.add("nodes_that_keep_records", static_cast<double>(keepers), "");
  report.claim = fmt::format(
      "{} nodes got the file one after the other. The first sent it {} times; {} % of all bytes "
      "came "
      "from nodes that had been receivers before. {} of {} nodes keep records of who has it.",
      getters, number_text(times_sent), number_text(100 * by_receivers), keepers, options.nodes);
  report.held = complete && by_receivers >= 0.3 && keepers >= options.nodes / 2;
  BarChart bytes{
      .title = "Who carried which bytes",
      .y_label = "MB",
      .groups = {},
      .series = {{.name = "received", .values = {}}, {.name = "sent to others", .values = {}}}};
  BarChart records{.title = "Who keeps which records",
                   .y_label = "providers that it can name",
                   .groups = {},
                   .series = {{.name = "records for others", .values = parts.records}}};
  for (std::size_t i = 0; i < crowd.size(); ++i) {
    bytes.groups.push_back(std::to_string(i));
    records.groups.push_back(std::to_string(i));
    bytes.series[0].values.push_back(parts.received[i] / 1e6);
    bytes.series[1].values.push_back(parts.sent[i] / 1e6);
  }
  report.sections = {
      {.heading = "Bytes",
       .svg = to_svg(bytes),
       .text = "Node 0 shares. Nodes from 1 on get it, each when the one before has "
               "it; then they are asked as well."},
      {.heading = "Records",
       .svg = to_svg(records),
       .text = "No node is the index. Those whose ids are nearest to the key keep the "
               "records, and in a network of fewer than twenty that is everybody."}};
  return report;
}

}  // namespace shoal::lab
