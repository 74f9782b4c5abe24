#include "node/peer_report.h"

#include <algorithm>

namespace shoal::node {

PeerReport::PeerReport(System& system, net::Swarm& swarm, service::Topics& topics,
                       RunningFile& file)
    : system_(system),
      swarm_(swarm),
      topics_(topics),
      file_(file),
      watching_topics_(topics.when_changed([this] { changed_ = true; })),
      tasks_(system.waits, "peer report") {
  swarm_.add_observer(*this);
}

PeerReport::~PeerReport() {
  swarm_.remove_observer(*this);
}

void PeerReport::start() {
  tasks_.spawn(keep_writing());
}

Task<void> PeerReport::keep_writing() {
  TimePoint written{};
  while (true) {
    co_await system_.clock.sleep_for(kAfterChange);
    const TimePoint now = system_.clock.now();
    if (!changed_ && now - written < kRefresh) continue;
    changed_ = false;
    written = now;
    file_.set_lists(peers(), topics());
  }
}

std::vector<Running::Topic> PeerReport::topics() const {
  std::vector<Running::Topic> out;
  for (const service::TopicStatus& topic : topics_.status()) {
    out.push_back({.name = topic.name, .peers = topic.peers, .joined = topic.joined});
  }
  return out;
}

std::vector<Running::Peer> PeerReport::peers() const {
  auto connections = swarm_.connections().all();
  std::ranges::sort(connections, {}, [](const auto* one) { return one->opened_at(); });
  std::vector<Running::Peer> out;
  for (const net::Connection* one : connections) {
    if (out.size() < Running::kMaxPeers) out.push_back(describe(*one));
  }
  return out;
}

Running::Peer PeerReport::describe(const net::Connection& connection) const {
  using std::chrono::duration_cast;
  const auto since = system_.clock.wall_now() - (system_.clock.now() - connection.opened_at());
  return {
      .id = connection.peer(),
      .address = connection.remote(),
      .path = std::string(net::name_of(connection.path())),
      .kept_for = swarm_.manager().reasons(connection.peer()),
      .round_trip_us = duration_cast<std::chrono::microseconds>(connection.round_trip()).count(),
      .since = duration_cast<std::chrono::seconds>(since.time_since_epoch()).count(),
      .agent = swarm_.peers().agent(connection.peer())};
}

}  // namespace shoal::node
