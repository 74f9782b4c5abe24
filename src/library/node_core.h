#pragma once

#include <shoal/node.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "library/job_core.h"
#include "library/loop.h"
#include "library/share_core.h"
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
  Task<std::shared_ptr<ShareCore>> share(std::vector<std::string> paths, ShareOptions options);
  Task<GetResult> get(std::string link, GetOptions options);
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
  std::map<std::uint64_t, detail::Scope*> scopes_;  // of jobs and handlers, in their order
  std::uint64_t next_scope_ = 0;
  Event scopes_gone_;
  OpenStreams open_;
  std::shared_ptr<ShareCore> share_;  // the last one
  bool ending_ = false;
  std::atomic<bool> stop_begun_ = false;
  std::atomic<bool> stopped_ = false;
};

}  // namespace shoal::library
