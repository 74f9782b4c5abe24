#pragma once

#include <shoal/node.h>

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "library/job_core.h"
#include "library/loop.h"
#include "library/stream_core.h"
#include "node/node.h"
#include "system/task_group.h"

namespace shoal::library {

/// What a shoal::Node stands for: a node on a loop, and everything that its users have started.
class NodeCore {
 public:
  NodeCore(std::shared_ptr<Loop> loop, NodeOptions options);
  ~NodeCore();
  NodeCore(const NodeCore&) = delete;
  NodeCore& operator=(const NodeCore&) = delete;

  // From any thread.
  Loop& loop() { return *loop_; }
  const std::string& peer_id() const { return peer_id_; }
  void start();
  void stop();
  std::vector<std::string> addresses();
  std::vector<PeerInfo> peers();
  void serve(const std::string& protocol, Handler handler);
  std::shared_ptr<JobCore> spawn(Async<void> work);

  // On the loop.
  Task<PeerStream> open(std::string peer, std::string protocol);
  Task<std::string> connect(std::string address);
  Task<Duration> ping(std::string peer, Duration timeout);
  /// Throws Error{closed} once stop() has begun.
  node::Node& node();

 private:
  class Registered;

  void open_home(NodeOptions options);
  void remove_home();
  PeerId learn(const std::string& peer);
  PeerStream hand_over(net::ProtocolStream stream);
  Task<void> run_job(std::shared_ptr<JobCore> job, Async<void> work);
  Task<void> handle(std::shared_ptr<const Handler> handler, net::ProtocolStream stream);
  Task<void> end();

  const std::shared_ptr<Loop> loop_;
  std::string peer_id_;
  std::string temporary_home_;  // to be removed at the end
  std::unique_ptr<node::Node> node_;
  TaskGroup jobs_;
  std::set<detail::Scope*> scopes_;  // of jobs and handlers
  Event scopes_gone_;
  OpenStreams open_;
  bool ending_ = false;
  std::atomic<bool> stop_begun_ = false;
  std::atomic<bool> stopped_ = false;
};

}  // namespace shoal::library
