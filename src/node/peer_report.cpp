#include "node/peer_report.h"

#include <algorithm>
#include <utility>

namespace shoal::node {

PeerReport::PeerReport(System& system, net::Swarm& swarm, net::Bandwidth bandwidth,
                       service::Topics& topics, RunningFile& file)
    : system_(system),
      swarm_(swarm),
      bandwidth_(bandwidth),
      topics_(topics),
      file_(file),
      watching_topics_(topics.when_changed([this] { note_change(); })),
      change_(system.waits),
      tasks_(system.waits, "peer report") {
  swarm_.add_observer(*this);
}

PeerReport::~PeerReport() {
  swarm_.remove_observer(*this);
}

void PeerReport::start() {
  if (file_.is_written()) tasks_.spawn(keep_writing());
}

void PeerReport::note_change() {
  if (std::exchange(changed_, true)) return;
  change_.notify_all();
}

Task<void> PeerReport::keep_writing() {
  while (true) {
    file_.set_lists(peers(), topics(), traffic());
    changed_ = false;
    co_await change_.wait_for(system_.clock, kRefresh);
    if (changed_) co_await system_.clock.sleep_for(kAfterChange);
  }
}

Running::Traffic PeerReport::traffic() {
  const TimePoint now = system_.clock.now();
  in_.update(now, bandwidth_.down.total());
  out_.update(now, bandwidth_.up.total());
  return {.connections = swarm_.connections().all().size(),
          .in_bytes = bandwidth_.down.total(),
          .out_bytes = bandwidth_.up.total(),
          .in_rate = in_.rate(),
          .out_rate = out_.rate()};
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
