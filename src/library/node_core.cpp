#include "library/node_core.h"

#include <boost/asio/co_spawn.hpp>
#include <utility>

#include "base/error.h"
#include "library/key_core.h"
#include "library/parse.h"
#include "library/subscribe.h"
#include "system/os/trusted_roots.h"

namespace shoal::library {

namespace {

constexpr std::size_t kNameBytes = 16;
constexpr std::size_t kMaxAgentBytes = 256;

}  // namespace

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

void NodeCore::throw_stopped() {
  throw Error(ErrorCode::closed, "this node has stopped");
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
