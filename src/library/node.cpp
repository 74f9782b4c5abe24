#include <shoal/node.h>
#include <shoal/sim.h>

#include <exception>
#include <utility>

#include "base/log.h"
#include "library/bridge.h"
#include "library/looking.h"
#include "library/node_core.h"
#include "library/real_loop.h"
#include "library/requests.h"
#include "library/simulated_loop.h"

namespace shoal {

namespace {

using CorePtr = std::shared_ptr<library::NodeCore>;

// Coroutines of their own, for these outlive a Node that is moved.

Async<PeerStream> open_on(CorePtr core, std::string peer, std::string protocol) {
  Task<PeerStream> opening = core->open(std::move(peer), std::move(protocol));
  PeerStream stream = co_await library::wait_for(core->loop(), std::move(opening));
  co_return std::move(stream);
}

Async<std::string> connect_on(CorePtr core, std::string address) {
  Task<std::string> connecting = core->connect(std::move(address));
  std::string peer = co_await library::wait_for(core->loop(), std::move(connecting));
  co_return peer;
}

Async<Duration> ping_on(CorePtr core, std::string peer, Duration timeout) {
  Task<Duration> pinging = core->ping(std::move(peer), timeout);
  const Duration round_trip = co_await library::wait_for(core->loop(), std::move(pinging));
  co_return round_trip;
}

Async<Tunnel> connect_tunnel_on(CorePtr core, std::string ticket, TunnelOptions options) {
  Task<std::shared_ptr<library::TunnelCore>> connecting =
      core->connect_tunnel(std::move(ticket), std::move(options));
  std::shared_ptr<library::TunnelCore> tunnel =
      co_await library::wait_for(core->loop(), std::move(connecting));
  co_return Tunnel(std::move(tunnel));
}

Async<Share> share_on(CorePtr core, std::vector<std::string> paths, ShareOptions options) {
  Task<std::shared_ptr<library::ShareCore>> sharing =
      core->share(std::move(paths), std::move(options));
  std::shared_ptr<library::ShareCore> share =
      co_await library::wait_for(core->loop(), std::move(sharing));
  co_return Share(std::move(share));
}

Async<GetResult> get_on(CorePtr core, std::string link, GetOptions options) {
  Task<GetResult> getting = core->get(std::move(link), std::move(options));
  GetResult result = co_await library::wait_for(core->loop(), std::move(getting));
  co_return result;
}

Async<Share> seed_on(CorePtr core, std::string link) {
  Task<std::shared_ptr<library::ShareCore>> seeding = core->seed(std::move(link));
  std::shared_ptr<library::ShareCore> share =
      co_await library::wait_for(core->loop(), std::move(seeding));
  co_return Share(std::move(share));
}

Async<void> ls_on(CorePtr core, std::string link, EntrySink entry, LsOptions options) {
  co_await library::WaitForTask(
      core->loop(), library::ls(*core, std::move(link), std::move(entry), std::move(options)));
}

Async<void> keep_entry(std::vector<Entry>& entries, Entry entry) {
  if (entries.size() == Node::kMaxEntries) {
    throw Error(ErrorCode::limit, "too many entries to list at once", {},
                "take them one by one, by ls(link, sink)");
  }
  entries.push_back(std::move(entry));
  co_return;
}

Async<std::vector<Entry>> ls_at_once_on(CorePtr core, std::string link, LsOptions options) {
  std::vector<Entry> entries;
  EntrySink keep = [&entries](Entry entry) { return keep_entry(entries, std::move(entry)); };
  co_await ls_on(std::move(core), std::move(link), std::move(keep), std::move(options));
  co_return entries;
}

Async<void> cat_on(CorePtr core, std::string link, PieceSink piece, CatOptions options) {
  co_await library::WaitForTask(
      core->loop(), library::cat(*core, std::move(link), std::move(piece), std::move(options)));
}

Async<ContentStat> stat_on(CorePtr core, std::string link, LookOptions options) {
  Task<ContentStat> looking = library::stat(*core, std::move(link), std::move(options));
  ContentStat stat = co_await library::wait_for(core->loop(), std::move(looking));
  co_return stat;
}

Async<std::vector<Provider>> find_providers_on(CorePtr core, std::string cid) {
  Task<std::vector<Provider>> finding = library::find_providers(*core, std::move(cid));
  std::vector<Provider> found = co_await library::wait_for(core->loop(), std::move(finding));
  co_return found;
}

Async<std::vector<std::byte>> get_block_on(CorePtr core, std::string cid, LookOptions options) {
  Task<std::vector<std::byte>> getting =
      library::get_block(*core, std::move(cid), std::move(options));
  std::vector<std::byte> block = co_await library::wait_for(core->loop(), std::move(getting));
  co_return block;
}

Async<int> signal_on(CorePtr core) {
  const int number = co_await library::wait_for(core->loop(), core->loop().wait_for_signal());
  co_return number;
}

void stop_quietly(const CorePtr& core) noexcept {
  if (!core) return;
  try {
    core->stop();
  } catch (const Error& error) {
    // On its own loop it could only wait for itself.
    if (error.code() == ErrorCode::usage) std::terminate();
    log(LogLevel::warning, "while a node stopped: {}", error.what());
  } catch (const std::exception& error) {
    log(LogLevel::warning, "while a node stopped: {}", error.what());
  }
}

}  // namespace

Node::Node(NodeOptions options)
    : core_(std::make_shared<library::NodeCore>(library::make_real_loop(), std::move(options))) {}

Node::Node(const SimulatedHost& host, NodeOptions options)
    : core_(std::make_shared<library::NodeCore>(library::make_simulated_loop(host.machine()),
                                                std::move(options))) {}

Node& Node::operator=(Node&& other) noexcept {
  std::swap(core_, other.core_);
  return *this;
}

Node::~Node() {
  stop_quietly(core_);
}

void Node::start() {
  core_->start();
}

void Node::stop() {
  core_->stop();
}

const std::string& Node::peer_id() const {
  return core_->peer_id();
}

std::vector<std::string> Node::addresses() const {
  return core_->addresses();
}

std::vector<PeerInfo> Node::peers() const {
  return core_->peers();
}

Subscription Node::on_peer(std::function<void(const PeerEvent&)> callback) {
  return core_->on_peer(std::move(callback));
}

void Node::disconnect(const std::string& peer) {
  core_->disconnect(peer);
}

void Node::deny(const std::string& peer) {
  core_->deny(peer);
}

void Node::allow(const std::string& peer) {
  core_->allow(peer);
}

void Node::serve(std::string protocol, Handler handler) {
  core_->serve(protocol, std::move(handler));
}

void Node::unserve(const std::string& protocol) {
  core_->unserve(protocol);
}

Async<PeerStream> Node::open(std::string peer, std::string protocol) {
  return open_on(core_, std::move(peer), std::move(protocol));
}

Async<std::string> Node::connect(std::string address) {
  return connect_on(core_, std::move(address));
}

Async<Duration> Node::ping(std::string peer, Duration timeout) {
  return ping_on(core_, std::move(peer), timeout);
}

Topic Node::join(std::string topic, TopicOptions options) {
  return Topic(core_->join(std::move(topic), std::move(options)));
}

void Node::respond(std::string protocol, Responder responder, RespondOptions options) {
  if (!responder) throw Error(ErrorCode::usage, "a responder that cannot be called", protocol);
  respond_streaming(std::move(protocol), library::answering_once(std::move(responder)), options);
}

void Node::respond_streaming(std::string protocol, StreamResponder responder,
                             RespondOptions options) {
  if (!responder) throw Error(ErrorCode::usage, "a responder that cannot be called", protocol);
  auto rules = std::make_shared<library::Responding>(std::move(responder), options);
  core_->serve(protocol, [rules = std::move(rules)](PeerStream stream) {
    return library::respond(rules, std::move(stream));
  });
}

Async<ByteVector> Node::request(std::string peer, std::string protocol, std::string message,
                                RequestOptions options) {
  return request(std::move(peer), std::move(protocol), bytes_of(message), options);
}

Async<ByteVector> Node::request(std::string peer, std::string protocol,
                                std::span<const std::byte> message, RequestOptions options) {
  return library::ask_once(open(std::move(peer), std::move(protocol)),
                           ByteVector(message.begin(), message.end()), options);
}

Async<Answers> Node::request_streaming(std::string peer, std::string protocol, std::string message,
                                       RequestOptions options) {
  const auto bytes = bytes_of(message);
  return library::ask(open(std::move(peer), std::move(protocol)),
                      ByteVector(bytes.begin(), bytes.end()), options);
}

std::string Node::expose(const std::string& name, const std::string& target,
                         ExposeOptions options) {
  return core_->expose(name, target, {}, std::move(options));
}

std::string Node::expose(const std::string& name, Handler handler, ExposeOptions options) {
  if (!handler) throw Error(ErrorCode::usage, "a handler that cannot be called", name);
  return core_->expose(name, {}, std::move(handler), std::move(options));
}

void Node::unexpose(const std::string& name) {
  core_->unexpose(name);
}

Async<Tunnel> Node::connect_tunnel(std::string ticket, TunnelOptions options) {
  return connect_tunnel_on(core_, std::move(ticket), std::move(options));
}

Async<Share> Node::share(std::vector<std::string> paths, ShareOptions options) {
  return share_on(core_, std::move(paths), std::move(options));
}

Async<GetResult> Node::get(std::string link, GetOptions options) {
  return get_on(core_, std::move(link), std::move(options));
}

Async<Share> Node::seed(std::string link) {
  return seed_on(core_, std::move(link));
}

Async<void> Node::ls(std::string link, EntrySink entry, LsOptions options) {
  return ls_on(core_, std::move(link), std::move(entry), std::move(options));
}

Async<std::vector<Entry>> Node::ls(std::string link, LsOptions options) {
  return ls_at_once_on(core_, std::move(link), std::move(options));
}

Async<void> Node::cat(std::string link, PieceSink piece, CatOptions options) {
  return cat_on(core_, std::move(link), std::move(piece), std::move(options));
}

Async<std::vector<Provider>> Node::find_providers(std::string cid) {
  return find_providers_on(core_, std::move(cid));
}

Async<ContentStat> Node::stat(std::string link, LookOptions options) {
  return stat_on(core_, std::move(link), std::move(options));
}

Async<std::vector<std::byte>> Node::get_block(std::string cid, LookOptions options) {
  return get_block_on(core_, std::move(cid), std::move(options));
}

bool Node::has_block(const std::string& cid) const {
  return core_->has_block(cid);
}

void Node::run(Async<void> work) {
  if (core_->loop().inside()) {
    throw Error(ErrorCode::usage, "a coroutine awaits another by co_await, not by run()");
  }
  spawn(std::move(work)).wait();
}

Job Node::spawn(Async<void> work) {
  return Job(core_->spawn(std::move(work)));
}

int Node::wait_for_signal() {
  return run(signal_on(core_));
}

std::chrono::nanoseconds Node::now() const {
  return core_->loop().system().clock.now().time_since_epoch();
}

}  // namespace shoal
