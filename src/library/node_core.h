#pragma once

#include <shoal/node.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "library/job_core.h"
#include "library/loop.h"
#include "library/peers.h"
#include "library/share_core.h"
#include "library/stream_core.h"
#include "library/topic_core.h"
#include "library/tunnel_core.h"
#include "library/uncaught.h"
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
  Subscription on_peer(std::function<void(const PeerEvent&)> callback);
  void disconnect(const std::string& peer);
  void deny(const std::string& peer);
  void allow(const std::string& peer);
  void serve(const std::string& protocol, Handler handler);
  void unserve(const std::string& protocol);
  bool has_block(const std::string& cid);
  std::shared_ptr<TopicCore> join(std::string topic, TopicOptions options);
  /// The ticket. An empty handler leaves the connections to `target`.
  std::string expose(const std::string& name, const std::string& target, Handler handler,
                     ExposeOptions options);
  void unexpose(const std::string& name);
  std::shared_ptr<JobCore> spawn(Async<void> work);

  // On the loop.
  Task<PeerStream> open(std::string peer, std::string protocol);
  Task<std::string> connect(std::string address);
  Task<Duration> ping(std::string peer, Duration timeout);
  Task<std::shared_ptr<ShareCore>> share(std::vector<std::string> paths, ShareOptions options);
  Task<std::shared_ptr<ShareCore>> seed(std::string link);
  Task<GetResult> get(std::string link, GetOptions options);
  Task<std::shared_ptr<TunnelCore>> connect_tunnel(std::string ticket, TunnelOptions options);
  /// Throws Error{closed} once stop() has begun.
  node::Node& node();

 private:
  class Registered;

  [[noreturn]] static void throw_stopped();
  void open_home(NodeOptions options);
  void remove_home();
  Peers& live_peers();
  PeerId learn(const std::string& peer);
  PeerStream hand_over(net::ProtocolStream stream);
  Task<void> run_job(std::shared_ptr<JobCore> job, Async<void> work);
  Task<void> handle(std::shared_ptr<const Handler> handler, net::ProtocolStream stream);
  /// Ends it again when `begun` fails.
  Task<std::shared_ptr<ShareCore>> keep_share(std::shared_ptr<ShareCore> share, Task<void> begun);
  Task<void> end();
  Task<void> end_tunnels();

  const std::shared_ptr<Loop> loop_;
  const UncaughtPtr uncaught_;
  std::string peer_id_;
  std::string temporary_home_;  // to be removed at the end
  std::unique_ptr<node::Node> node_;
  std::unique_ptr<Peers> peers_;
  std::set<std::string> served_;
  TaskGroup jobs_;
  std::map<std::uint64_t, detail::Scope*> scopes_;  // of jobs and handlers, in their order
  std::uint64_t next_scope_ = 0;
  Event scopes_gone_;
  OpenStreams open_;
  std::vector<std::shared_ptr<ShareCore>> shares_;
  std::vector<std::shared_ptr<TopicCore>> topics_;
  std::unique_ptr<Exposed> exposed_;
  std::vector<std::shared_ptr<TunnelCore>> tunnels_;
  bool ending_ = false;
  std::atomic<bool> stop_begun_ = false;
  std::atomic<bool> stopped_ = false;
};

}  // namespace shoal::library
