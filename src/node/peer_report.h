#pragma once

#include "net/swarm/swarm.h"
#include "node/running.h"
#include "service/topics.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::node {

/// Keeps the lists of connected peers and of topics in the file that other processes read: soon
/// after one comes or goes, and now and then, for what changes slowly.
class PeerReport final : net::ConnectionObserver {
 public:
  static constexpr Duration kAfterChange = 500ms;
  static constexpr Duration kRefresh = 10s;

  /// Borrows all for its life.
  PeerReport(System& system, net::Swarm& swarm, service::Topics& topics, RunningFile& file);
  ~PeerReport() override;

  void start();
  Task<void> stop() { return tasks_.stop(); }

 private:
  void connected(net::Connection&) override { changed_ = true; }
  void disconnected(net::Connection&) override { changed_ = true; }
  Task<void> keep_writing();
  Running::Peer describe(const net::Connection& connection) const;
  std::vector<Running::Peer> peers() const;
  std::vector<Running::Topic> topics() const;

  System& system_;
  net::Swarm& swarm_;
  service::Topics& topics_;
  RunningFile& file_;
  Subscription watching_topics_;
  bool changed_ = false;
  TaskGroup tasks_;
};

}  // namespace shoal::node
