#include "node/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <map>

#include "base/display_text.h"
#include "cli/commands.h"
#include "cli/holder_text.h"
#include "cli/units.h"
#include "node/limits.h"

namespace shoal::cli {

namespace {

/// Lines of text; --json tells all of them.
constexpr std::size_t kPlacesShown = 20;

struct Sum {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t blocks = 0;
};

Sum sum_of(const node::Status& status) {
  Sum sum;
  for (const auto& place : status.places) {
    sum.files += place.files;
    sum.bytes += place.bytes;
    sum.blocks += place.blocks;
  }
  return sum;
}

boost::json::value text_or_null(const std::string& text) {
  if (text.empty()) return nullptr;
  return boost::json::string(text);
}

boost::json::object served_json(const node::Running::Served& served) {
  return {{"kind", served.kind},
          {"name", served.link.filename},
          {"cid", served.link.cid.to_string()},
          {"link", served.link.to_string()}};
}

boost::json::object traffic_json(std::uint64_t bytes, std::uint64_t rate) {
  return {{"bytes", bytes}, {"rate", rate}};
}

boost::json::object node_json(const node::RunningNode& node) {
  boost::json::object out{{"process", text_or_null(node.holder.process)},
                          {"command", text_or_null(node.holder.command)}};
  boost::json::array addresses;
  boost::json::array served;
  if (node.running) {
    out["peer_id"] = node.running->peer_id;
    const node::Running::Traffic& traffic = node.running->traffic;
    out["connections"] = traffic.connections;
    out["in"] = traffic_json(traffic.in_bytes, traffic.in_rate);
    out["out"] = traffic_json(traffic.out_bytes, traffic.out_rate);
    for (const auto& address : node.running->addresses) addresses.emplace_back(address.to_string());
    for (const auto& one : node.running->served) served.emplace_back(served_json(one));
  }
  out["addresses"] = std::move(addresses);
  out["serves"] = std::move(served);
  return out;
}

/// Of the first node.
boost::json::value holder_json(const node::Status& status) {
  const LockHolder& holder = status.nodes.front().holder;
  return boost::json::object{{"process", text_or_null(holder.process)},
                             {"command", text_or_null(holder.command)}};
}

boost::json::array nodes_json(const node::Status& status) {
  boost::json::array nodes;
  for (const auto& node : status.nodes) nodes.emplace_back(node_json(node));
  return nodes;
}

boost::json::array places_json(const node::Status& status) {
  boost::json::array places;
  for (const auto& place : status.places) {
    places.emplace_back(boost::json::object{{"path", place.path},
                                            {"files", place.files},
                                            {"bytes", place.bytes},
                                            {"blocks", place.blocks},
                                            {"changed", place.changed},
                                            {"gone", place.gone}});
  }
  return places;
}

boost::json::array limits_json() {
  boost::json::array limits;
  for (const auto& limit : node::limits()) {
    limits.emplace_back(boost::json::object{{"name", limit.name},
                                            {"value", limit.value},
                                            {"unit", limit.unit},
                                            {"bounds", limit.bounds}});
  }
  return limits;
}

boost::json::object to_json(const node::Status& status) {
  boost::json::value peer = nullptr;
  if (status.peer) peer = boost::json::string(status.peer->to_string());
  const Sum sum = sum_of(status);
  return {{"home", status.home},
          {"peer_id", std::move(peer)},
          {"holder", status.nodes.empty() ? boost::json::value() : holder_json(status)},
          {"nodes", nodes_json(status)},
          {"disk_bytes", status.disk_bytes},
          {"index_bytes", status.index_bytes},
          {"blocks", sum.blocks + status.nodes_in_index},
          {"blocks_in_files", sum.blocks},
          {"blocks_in_index", status.nodes_in_index},
          {"files", sum.files},
          {"bytes", sum.bytes},
          {"places", places_json(status)},
          {"limits", limits_json()}};
}

std::string place_text(const node::KnownPlace& place) {
  std::string text = fmt::format("  {:>8}  {}", format_size(place.bytes), for_terminal(place.path));
  if (place.files > 1) text += fmt::format(", {} files", place.files);
  if (place.gone > 0) text += fmt::format(", {} gone", place.gone);
  if (place.changed > 0) text += fmt::format(", {} changed since", place.changed);
  return text;
}

std::size_t depth_of(std::string_view path) {
  return static_cast<std::size_t>(std::ranges::count(path, '/'));
}

/// So few that they can be read: the deepest folders give way to the ones they lie in.
std::vector<node::KnownPlace> folded(std::vector<node::KnownPlace> places) {
  while (places.size() > kPlacesShown) {
    std::size_t deepest = 0;
    for (const auto& place : places) deepest = std::max(deepest, depth_of(place.path));
    if (deepest <= 1) break;
    std::map<std::string, node::KnownPlace> merged;
    for (auto& place : places) {
      if (depth_of(place.path) == deepest) place.path.resize(place.path.rfind('/'));
      auto& into = merged[place.path];
      into.path = place.path;
      into.files += place.files;
      into.bytes += place.bytes;
      into.blocks += place.blocks;
      into.changed += place.changed;
      into.gone += place.gone;
    }
    places.clear();
    for (auto& [path, place] : merged) places.push_back(std::move(place));
  }
  return places;
}

std::string traffic_text(const node::Running::Traffic& traffic) {
  return fmt::format("{}/s in, {}/s out (last minute); {} in, {} out", format_size(traffic.in_rate),
                     format_size(traffic.out_rate), format_size(traffic.in_bytes),
                     format_size(traffic.out_bytes));
}

void tell_nodes(Output& output, const node::Status& status) {
  if (status.nodes.empty()) output.result("running    no: nothing is served");
  for (const auto& node : status.nodes) {
    output.result("running    " + holder_text(node.holder));
    if (!node.running) continue;
    for (const auto& served : node.running->served) {
      output.result(fmt::format("  serves   {} ({}, {})", for_terminal(served.link.filename),
                                served.kind, served.link.cid.to_string()));
    }
    output.result(fmt::format("  peers    {} connected", node.running->traffic.connections));
    output.result("  traffic  " + traffic_text(node.running->traffic));
  }
}

void tell_as_text(Output& output, const node::Status& status) {
  const Sum sum = sum_of(status);
  output.result("home       " + for_terminal(status.home));
  output.result("peer id    " + (status.peer ? status.peer->to_string() : "none yet"));
  tell_nodes(output, status);
  output.result(fmt::format("disk       {}, index {}", format_size(status.disk_bytes),
                            format_size(status.index_bytes)));
  output.result(fmt::format(
      "index      {} {} in {} {} ({}), {} nodes", sum.blocks, sum.blocks == 1 ? "block" : "blocks",
      sum.files, sum.files == 1 ? "file" : "files", format_size(sum.bytes), status.nodes_in_index));
  if (status.places.empty()) return;
  output.result("remembered, and served only while a share names it (`shoal forget` drops it)");
  for (const auto& place : folded(status.places)) output.result(place_text(place));
}

class StatusCommand final : public Command {
 public:
  Task<void> run(Session& session) override {
    Task<node::Status> looking = node::look_at_home(session.system(), session.home());
    const node::Status status = co_await std::move(looking);
    session.output().event(to_json(status));
    tell_as_text(session.output(), status);
  }
};

}  // namespace

std::unique_ptr<Command> make_status() {
  return std::make_unique<StatusCommand>();
}

}  // namespace shoal::cli
