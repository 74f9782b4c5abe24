#pragma once

#include "net/limited_stream.h"
#include "net/swarm/swarm.h"
#include "node/running.h"
#include "service/topics.h"
#include "system/event.h"
#include "system/rate_meter.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::node {

/// Keeps the lists of connected peers and of topics, and the traffic, in the file that other
/// processes read: soon after one comes or goes, and now and then, for what changes slowly.
class PeerReport final : net::ConnectionObserver {
 public:
  static constexpr Duration kAfterChange = 500ms;
  static constexpr Duration kRefresh = 10s;
  /// What a rate is taken over.
  static constexpr Duration kRateWindow = 60s;

  /// Borrows all for its life.
  PeerReport(System& system, net::Swarm& swarm, net::Bandwidth bandwidth, service::Topics& topics,
             RunningFile& file);
  ~PeerReport() override;

  void start();
  Task<void> stop() { return tasks_.stop(); }

 private:
  void connected(net::Connection&) override { note_change(); }
  void disconnected(net::Connection&) override { note_change(); }
  void note_change();
  Task<void> keep_writing();
  Running::Peer describe(const net::Connection& connection) const;
  std::vector<Running::Peer> peers() const;
  std::vector<Running::Topic> topics() const;
  Running::Traffic traffic();

  System& system_;
  net::Swarm& swarm_;
  const net::Bandwidth bandwidth_;
  service::Topics& topics_;
  RunningFile& file_;
  Subscription watching_topics_;
  RateMeter in_{kRateWindow};
  RateMeter out_{kRateWindow};
  bool changed_ = false;
  Event change_;
  TaskGroup tasks_;
};

}  // namespace shoal::node
