#include "library/node_core.h"

#include <boost/asio/co_spawn.hpp>
#include <utility>

#include "base/error.h"
#include "library/download.h"
#include "library/key_core.h"
#include "library/looking.h"
#include "library/parse.h"
#include "library/subscribe.h"
#include "protocol/ping/ping.h"
#include "system/os/trusted_roots.h"

namespace shoal::library {

namespace {

constexpr Duration kAddressLifetime = 24h;
constexpr std::size_t kNameBytes = 16;
constexpr std::size_t kMaxAgentBytes = 256;

[[noreturn]] void throw_stopped() {
  throw Error(ErrorCode::closed, "this node has stopped");
}

}  // namespace

/// Counts a running job or handler, so that the end of the node cancels and awaits it.
class NodeCore::Registered {
 public:
  Registered(NodeCore& core, detail::Scope& scope) : core_(core) {
    id_ = core_.next_scope_++;
    core_.scopes_[id_] = &scope;
  }
  ~Registered() {
    core_.scopes_.erase(id_);
    if (core_.scopes_.empty()) core_.scopes_gone_.notify_all();
  }
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;

 private:
  NodeCore& core_;
  std::uint64_t id_ = 0;
};

NodeCore::NodeCore(std::shared_ptr<Loop> loop, NodeOptions options)
    : loop_(std::move(loop)),
      uncaught_(std::make_shared<const Uncaught>(std::move(options.on_error))),
      jobs_(loop_->system().waits, "jobs"),
      scopes_gone_(loop_->system().waits) {
  call(*loop_, [this, &options] { open_home(std::move(options)); });
}

NodeCore::~NodeCore() = default;

void NodeCore::open_home(NodeOptions options) {
  System& system = loop_->system();
  if (options.agent.size() > kMaxAgentBytes) {
    throw Error(ErrorCode::usage, "the agent has more than 256 bytes");
  }
  // Who named no network takes part in none: a program with a protocol of its own stays light.
  const bool has_network = options.lan || options.is_public || !options.bootstrap.empty();
  node::Config config{.home = std::move(options.home),
                      .listen = to_addresses(options.listen),
                      .connect = to_addresses(options.connect),
                      .bootstrap = to_peer_addresses(options.bootstrap),
                      .lan = options.lan,
                      .dht = has_network,
                      .is_public = options.is_public,
                      .announce = to_addresses(options.announce),
                      .relays = to_peer_addresses(options.relays),
                      .relay_service = options.relay_service,
                      .port_mapping = options.port_mapping,
                      .up = options.up,
                      .down = options.down,
                      .agent = std::move(options.agent),
                      .quic = !loop_->is_simulated()};
  if (!loop_->is_simulated()) config.upgrade.web_tls.roots_file = os::trusted_roots_file();
  if (options.key) config.key = options.key->core().secret;
  if (config.agent.empty()) config.agent = "shoal/" + version();
  if (config.home.empty()) {
    const std::string folder = loop_->temporary_folder();
    if (!system.storage.info(folder)) system.storage.make_folder(folder);
    config.home = folder + "/shoal-" + to_hex(system.random.bytes(kNameBytes));
    system.storage.make_folder(config.home);
    temporary_home_ = config.home;
    system.storage.set_mode(config.home, 0700);
  }
  try {
    node_ = std::make_unique<node::Node>(system, std::move(config));
  } catch (...) {
    remove_home();
    throw;
  }
  peer_id_ = node_->id().to_string();
  peers_ = std::make_unique<Peers>(*node_, uncaught_, std::move(options.allow));
}

void NodeCore::remove_home() {
  if (!temporary_home_.empty()) loop_->system().storage.remove_tree(temporary_home_);
}

node::Node& NodeCore::node() {
  if (ending_ || node_ == nullptr) throw_stopped();
  return *node_;
}

void NodeCore::start() {
  call(*loop_, [this] { node().start(); });
}

std::vector<std::string> NodeCore::addresses() {
  std::vector<std::string> out;
  call(*loop_, [this, &out] {
    for (const Multiaddr& address : node().addresses()) out.push_back(address.to_string());
  });
  return out;
}

std::vector<PeerInfo> NodeCore::peers() {
  std::vector<PeerInfo> out;
  call(*loop_, [this, &out] { out = live_peers().all(); });
  return out;
}

Peers& NodeCore::live_peers() {
  node();
  return *peers_;
}

Subscription NodeCore::on_peer(std::function<void(const PeerEvent&)> callback) {
  const auto add = [this, tell = reporting(uncaught_, "Node::on_peer", std::move(callback))] {
    return live_peers().events().add(tell);
  };
  return subscribe(loop_, add);
}

void NodeCore::disconnect(const std::string& peer) {
  const PeerId id = to_target(peer).peer;
  call(*loop_, [this, &id] { node().swarm().disconnect(id); });
}

void NodeCore::deny(const std::string& peer) {
  const PeerId id = to_target(peer).peer;
  call(*loop_, [this, &id] { live_peers().deny(id); });
}

void NodeCore::allow(const std::string& peer) {
  const PeerId id = to_target(peer).peer;
  call(*loop_, [this, &id] { live_peers().allow(id); });
}

bool NodeCore::has_block(const std::string& cid) {
  bool out = false;
  call(*loop_, [this, &cid, &out] { out = library::has_block(*this, cid); });
  return out;
}

void NodeCore::serve(const std::string& protocol, Handler handler) {
  check_protocol(protocol);
  if (!handler) throw Error(ErrorCode::usage, "a handler that cannot be called", protocol);
  const auto shared = std::make_shared<const Handler>(std::move(handler));
  call(*loop_, [this, &protocol, &shared] {
    net::ProtocolTable& protocols = node().swarm().protocols();
    if (protocols.find(protocol) != nullptr) {
      throw Error(ErrorCode::exists, "this protocol is served already", protocol);
    }
    protocols.add(protocol, [this, shared](net::ProtocolStream stream) {
      return handle(shared, std::move(stream));
    });
    served_.insert(protocol);
    node().identify().push();
  });
}

void NodeCore::unserve(const std::string& protocol) {
  call(*loop_, [this, &protocol] {
    if (served_.erase(protocol) == 0) return;
    node().swarm().protocols().remove(protocol);
    node().identify().push();
  });
}

std::shared_ptr<TopicCore> NodeCore::join(std::string topic, TopicOptions options) {
  std::shared_ptr<TopicCore> out;
  call(*loop_, [&] {
    std::erase_if(topics_, [](const auto& one) { return one->ended(); });
    out =
        std::make_shared<TopicCore>(loop_, node(), uncaught_, std::move(topic), std::move(options));
    topics_.push_back(out);
  });
  return out;
}

Task<void> NodeCore::handle(std::shared_ptr<const Handler> handler, net::ProtocolStream stream) {
  if (ending_) throw_stopped();
  UncaughtError failure{.where = "a handler",
                        .protocol = stream.protocol,
                        .peer_id = {},
                        .exception = {},
                        .message = {}};
  const PeerId peer = stream.peer;
  detail::Scope scope(*loop_);
  const Registered registered(*this, scope);
  try {
    Async<void> work = (*handler)(hand_over(std::move(stream)));
    co_await run_in(scope, std::move(work));
  } catch (const boost::system::system_error& error) {
    if (is_cancelled(error)) throw;
    failure.exception = std::current_exception();
  } catch (...) {
    failure.exception = std::current_exception();
  }
  if (!failure.exception) co_return;
  failure.peer_id = peer.to_string();
  uncaught_->report(failure);
  // To the connection, which resets the stream, and counts what breaks its protocol.
  try {
    std::rethrow_exception(failure.exception);
  } catch (const Error&) {
    throw;
  } catch (...) {
    throw Error(ErrorCode::failed, "the handler failed", failure.protocol);
  }
}

PeerStream NodeCore::hand_over(net::ProtocolStream stream) {
  net::IngressLimiter::Solicited expected = node().swarm().solicit(stream.peer);
  return PeerStream(StreamCore::make(loop_, open_, std::move(stream), std::move(expected)));
}

PeerId NodeCore::learn(const std::string& peer) {
  const Target target = to_target(peer);
  if (target.address) {
    node().swarm().peers().add_address(target.peer, *target.address,
                                       net::AddressSource::given_by_user, kAddressLifetime);
  }
  return target.peer;
}

Task<PeerStream> NodeCore::open(std::string peer, std::string protocol) {
  check_protocol(protocol);
  const PeerId id = learn(peer);
  std::vector<std::string> protocols{std::move(protocol)};
  net::ProtocolStream stream = co_await node().swarm().open(id, std::move(protocols));
  co_return hand_over(std::move(stream));
}

Task<std::string> NodeCore::connect(std::string address) {
  const PeerId id = learn(address);
  co_await node().swarm().connect(id);
  co_return id.to_string();
}

Task<Duration> NodeCore::ping(std::string peer, Duration timeout) {
  const PeerId id = learn(peer);
  ping::Pinger pinger(loop_->system(), node().swarm());
  co_await pinger.open(id);
  const Duration round_trip = co_await pinger.ping(timeout);
  co_return round_trip;
}

Task<std::shared_ptr<ShareCore>> NodeCore::share(std::vector<std::string> paths,
                                                 ShareOptions options) {
  auto fresh = std::make_shared<ShareCore>(loop_, node(), uncaught_);
  Task<void> indexing = fresh->index(std::move(paths), std::move(options));
  co_return co_await keep_share(std::move(fresh), std::move(indexing));
}

Task<std::shared_ptr<ShareCore>> NodeCore::seed(std::string link) {
  auto fresh = std::make_shared<ShareCore>(loop_, node(), uncaught_);
  const service::Link parsed = to_link(link, {}, {});
  if (!parsed.path.empty()) {
    throw Error(ErrorCode::usage, "a path below what is seeded", link, "seed what was got");
  }
  Task<void> adopting = fresh->adopt(parsed.cid);
  co_return co_await keep_share(std::move(fresh), std::move(adopting));
}

Task<std::shared_ptr<ShareCore>> NodeCore::keep_share(std::shared_ptr<ShareCore> share,
                                                      Task<void> begun) {
  std::erase_if(shares_, [](const auto& one) { return one->ended(); });
  shares_.push_back(share);
  std::exception_ptr failure;
  try {
    co_await std::move(begun);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    co_await share->end();
    std::rethrow_exception(failure);
  }
  co_return share;
}

Task<GetResult> NodeCore::get(std::string link, GetOptions options) {
  return library::get(node(), std::move(link), std::move(options));
}

std::string NodeCore::expose(const std::string& name, const std::string& target, Handler handler,
                             ExposeOptions options) {
  Exposed::Serve serve;
  if (handler) {
    serve = [this, shared = std::make_shared<const Handler>(std::move(handler))](
                const PeerId& peer, std::unique_ptr<Stream> stream) {
      jobs_.spawn(handle(shared, {std::move(stream), tunnel::kProtocol, peer, 0}));
    };
  }
  std::string ticket;
  call(*loop_, [&] {
    if (!exposed_) exposed_ = std::make_unique<Exposed>(node(), uncaught_);
    ticket = exposed_->add(name, target, std::move(serve), std::move(options));
  });
  return ticket;
}

void NodeCore::unexpose(const std::string& name) {
  call(*loop_, [this, &name] {
    node();
    if (exposed_) exposed_->remove(name);
  });
}

Task<std::shared_ptr<TunnelCore>> NodeCore::connect_tunnel(std::string ticket,
                                                           TunnelOptions options) {
  service::TunnelConnector::Callbacks callbacks;
  if (options.on_change) {
    const std::function<void(bool, const std::string&)> tell =
        reporting(uncaught_, "TunnelOptions::on_change", std::move(options.on_change));
    callbacks.connected = [tell](net::Path) { tell(true, {}); };
    callbacks.lost = [tell](const std::string& reason) { tell(false, reason); };
  }
  auto tunnel = std::make_shared<TunnelCore>(
      loop_, node(), service::TunnelTicket::parse(ticket), std::move(callbacks),
      [this](net::ProtocolStream stream) { return hand_over(std::move(stream)); });
  std::erase_if(tunnels_, [](const auto& one) { return one->ended(); });
  tunnels_.push_back(tunnel);
  std::exception_ptr failure;
  try {
    co_await tunnel->begin(std::move(options.listen));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    co_await tunnel->end();
    std::rethrow_exception(failure);
  }
  co_return tunnel;
}

std::shared_ptr<JobCore> NodeCore::spawn(Async<void> work) {
  auto job = std::make_shared<JobCore>(loop_, uncaught_);
  const bool posted = loop_->post([this, job, work = std::move(work)]() mutable {
    if (ending_) {
      job->handed_over = true;  // it never ran: that is like being cancelled
      const Error stopped(ErrorCode::closed, "this node has stopped");
      return job->end(std::make_exception_ptr(stopped));
    }
    jobs_.spawn(run_job(job, std::move(work)));
  });
  if (!posted) throw_stopped();
  return job;
}

Task<void> NodeCore::run_job(std::shared_ptr<JobCore> job, Async<void> work) {
  std::exception_ptr failure;
  const Registered registered(*this, job->scope);
  try {
    co_await run_in(job->scope, std::move(work));
  } catch (const boost::system::system_error& error) {
    failure = is_cancelled(error) ? std::make_exception_ptr(Cancelled()) : std::current_exception();
  } catch (...) {
    failure = std::current_exception();
  }
  job->end(std::move(failure));
}

Task<void> NodeCore::end_tunnels() {
  for (const auto& tunnel : std::exchange(tunnels_, {})) co_await tunnel->end();
  if (exposed_) co_await exposed_->stop();
}

Task<void> NodeCore::end() {
  ending_ = true;
  for (const auto& [id, scope] : scopes_) scope->cancel();
  while (!scopes_.empty()) co_await scopes_gone_.wait_uncancellable();
  co_await jobs_.stop();
  open_.take_all_back();
  for (const auto& topic : topics_) topic->end();
  topics_.clear();
  std::exception_ptr failure;
  try {
    co_await end_tunnels();
    while (!shares_.empty()) {
      const std::shared_ptr<ShareCore> share = std::move(shares_.back());
      shares_.pop_back();
      co_await share->end();
    }
    co_await node_->stop();
  } catch (...) {
    failure = std::current_exception();
  }
  exposed_.reset();
  peers_.reset();
  node_.reset();
  remove_home();
  if (failure) std::rethrow_exception(failure);
}

void NodeCore::stop() {
  if (loop_->inside()) throw Error(ErrorCode::usage, "a coroutine cannot stop its own node");
  if (stop_begun_.exchange(true)) return loop_->block_until(stopped_);
  std::atomic<bool> ended = false;
  std::exception_ptr failure;
  loop_->post([this, &ended, &failure] {
    boost::asio::co_spawn(loop_->system().executor(), end(), [&](std::exception_ptr error) {
      failure = std::move(error);
      ended = true;
      ended.notify_all();
    });
  });
  loop_->block_until(ended);
  loop_->end();
  stopped_ = true;
  stopped_.notify_all();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace shoal::library
