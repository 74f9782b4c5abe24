#include "lab/crowd.h"

#include <fmt/format.h>

#include <algorithm>

#include "lab/lookups.h"
#include "system/sim/content.h"

namespace shoal::lab {

namespace {

constexpr Duration kUntilAnnounced = 5s;
constexpr Duration kUntilTrusted = 5s;
constexpr Duration kCrowdLook = 500ms;

}  // namespace

Crowd::Crowd(std::uint64_t seed, CrowdOptions options)
    : options_(options),
      world_({.name = "crowd", .seed = seed, .path = {.latency = 20ms}}),
      random_(seed, 5),
      content_(random_.bytes(options.file_bytes)) {}

Crowd::~Crowd() {
  for (LabNode& node : nodes_) world_.run(node.stop());
}

LabNode& Crowd::add() {
  sim::HostOptions host;
  const bool by_node = options_.up_limit == UpLimit::node;
  host.down = 10 * options_.up_bytes;
  host.up = by_node ? host.down : options_.up_bytes;
  // A home router holds a second of what is on its way out.
  host.queue_bytes = host.up;
  std::vector<Multiaddr> bootstrap;
  for (LabNode& other : nodes_) {
    if (!options_.dht || !other.running()) continue;
    bootstrap.push_back(other.address());
    break;
  }
  const std::string name = fmt::format("node-{}", nodes_.size());
  LabNode& node = nodes_.emplace_back(world_, name, host, std::move(bootstrap));
  if (by_node) node.limit_up(options_.up_bytes);
  if (!options_.dht) node.leave_out_dht();
  node.start();
  return node;
}

Cid Crowd::share(LabNode& node) {
  node.host().disk().put("/file", sim::Content::of(content_));
  const Cid cid = world_.run(node.share("/file", options_.leaf_bytes));
  world_.run_for(kUntilAnnounced);
  return cid;
}

Cid Crowd::share_rotten(LabNode& node) {
  // A file that has not changed for a while is taken to be what it was.
  node.host().disk().put("/file", sim::Content::of(content_));
  world_.run_for(kUntilTrusted);
  const Cid cid = world_.run(node.share("/file", options_.leaf_bytes));
  world_.run_for(kUntilAnnounced);
  for (std::size_t at = 0; at < content_.size(); at += options_.leaf_bytes) {
    node.host().disk().rot("/file", at);
  }
  return cid;
}

void Crowd::keep_apart(std::size_t first, std::size_t end) {
  for (std::size_t i = first; i + 1 < end; ++i) {
    std::vector<sim::Host*> others;
    for (std::size_t other = i + 1; other < end; ++other) others.push_back(&nodes_[other].host());
    world_.partition({&nodes_[i].host()}, others);
  }
}

std::vector<double> Crowd::get_all(const std::vector<std::size_t>& getters, const Cid& cid,
                                   const std::vector<Multiaddr>& providers, bool announces,
                                   Duration limit) {
  const TimePoint begin = world_.now();
  TaskGroup getting(world_.waits(), "getting");
  for (const std::size_t one : getters) {
    getting.spawn(nodes_[one].get({.cid = cid, .providers = providers, .announces = announces}));
  }
  const auto is_done = [this](std::size_t one) { return nodes_[one].done_at().has_value(); };
  while (!std::ranges::all_of(getters, is_done) && world_.now() < begin + limit) {
    world_.run_for(kCrowdLook);
  }
  world_.run(getting.stop());
  std::vector<double> out;
  for (const std::size_t one : getters) {
    if (is_done(one)) out.push_back(seconds_of(*nodes_[one].done_at() - begin));
  }
  std::ranges::sort(out);
  return out;
}

bool Crowd::has_copy(LabNode& node) {
  if (!node.result()) return false;
  const sim::Content& there = node.host().disk().content("/copy");
  Bytes bytes(there.size());
  there.read(0, bytes);
  return bytes == content_;
}

}  // namespace shoal::lab
