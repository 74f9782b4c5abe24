#include <shoal/tunnel.h>

#include <utility>

#include "base/error.h"
#include "library/bridge.h"
#include "library/parse.h"
#include "library/tunnel_core.h"
#include "service/link_addresses.h"
#include "service/tunnel_secret.h"
#include "system/stream_pair.h"

namespace shoal {

namespace library {

TunnelCore::TunnelCore(std::shared_ptr<Loop> its_loop, node::Node& node,
                       service::TunnelTicket ticket, service::TunnelConnector::Callbacks callbacks,
                       HandOver its_hand_over)
    : loop(std::move(its_loop)),
      peer_id(ticket.peer.to_string()),
      name(ticket.name),
      hand_over(std::move(its_hand_over)),
      connector(std::make_unique<service::TunnelConnector>(
          node.system(), node.swarm(), node.routing(), std::move(ticket), std::move(callbacks))),
      changed(node.system().waits),
      tasks(node.system().waits, "tunnel") {}

service::TunnelConnector& TunnelCore::live() const {
  if (ending) throw Error(ErrorCode::closed, "this tunnel has ended", name);
  return *connector;
}

Task<void> TunnelCore::begin(std::string where) {
  co_await live().connect();
  if (!where.empty()) local = live().listen(service::parse_local(where)).to_string();
}

Task<PeerStream> TunnelCore::open() {
  const PeerId peer = live().ticket().peer;
  if (live().ticket().datagrams) {
    throw Error(ErrorCode::usage, "this tunnel carries datagrams: it needs TunnelOptions::listen",
                name);
  }
  auto [near_end, far_end] = make_stream_pair(loop->system().waits);
  tasks.spawn(carry(std::move(far_end)));
  co_return hand_over({std::move(near_end), tunnel::kProtocol, peer, 0});
}

Task<void> TunnelCore::carry(std::unique_ptr<Stream> stream) {
  co_await live().carry(std::move(stream));
}

Task<void> TunnelCore::end() {
  if (std::exchange(ending, true)) {
    while (!ended()) co_await changed.wait_uncancellable();
    co_return;
  }
  co_await tasks.stop();
  co_await connector->stop();
  connector.reset();
  changed.notify_all();
}

Exposed::Exposed(node::Node& node, UncaughtPtr uncaught)
    : node_(node), uncaught_(std::move(uncaught)), exposer_(node.system(), node.swarm()) {
  exposer_.when_event([this](const service::TunnelEvent& event) { tell(event); });
}

std::string Exposed::add(const std::string& name, const std::string& target, Serve serve,
                         ExposeOptions options) {
  service::ExposedService service{.name = name, .handler = std::move(serve)};
  if (!service.handler) service.target = service::TunnelTarget::parse(target);
  for (const std::string& peer : options.allow) service.allowed.push_back(to_target(peer).peer);
  if (!tunnel::is_name(name)) {
    throw Error(ErrorCode::usage, "a tunnel cannot be called '" + name + "'", {},
                "1 to 63 of a-z, 0-9 and -, as in the name of a host");
  }
  service::TunnelTicket ticket{.peer = node_.id(), .name = name};
  if (service.allowed.empty()) {
    ticket.secret =
        service::tunnel_secret(node_.system(), node_.home().folder(), name, options.new_ticket);
  }
  service.secret = ticket.secret;
  ticket.datagrams = service.target.udp;
  for (const Multiaddr& address : service::link_addresses(node_.addresses())) {
    ticket.addresses.push_back(address.without_peer());
  }
  exposer_.add(std::move(service));
  if (options.on_event) {
    callbacks_[name] = reporting(uncaught_, "ExposeOptions::on_event", std::move(options.on_event));
  }
  node_.identify().push();
  return ticket.to_string();
}

void Exposed::remove(const std::string& name) {
  exposer_.remove(name);
  callbacks_.erase(name);
  node_.identify().push();
}

void Exposed::tell(const service::TunnelEvent& event) {
  const auto found = callbacks_.find(event.name);
  if (found == callbacks_.end()) return;
  const auto callback = found->second;  // it may take the service back
  callback({.name = event.name,
            .peer_id = event.peer.to_string(),
            .state = static_cast<TunnelEvent::State>(event.state),
            .bytes_in = event.bytes_in,
            .bytes_out = event.bytes_out,
            .reason = event.reason});
}

namespace {

Async<PeerStream> open_on(std::shared_ptr<TunnelCore> core) {
  PeerStream stream = co_await wait_for(*core->loop, core->open());
  co_return std::move(stream);
}

Async<void> stop_on(std::shared_ptr<TunnelCore> core) {
  co_await WaitForTask(*core->loop, core->end());
}

}  // namespace

}  // namespace library

const std::string& Tunnel::peer_id() const {
  return core_->peer_id;
}

const std::string& Tunnel::name() const {
  return core_->name;
}

const std::string& Tunnel::local() const {
  return core_->local;
}

Async<PeerStream> Tunnel::open() {
  return library::open_on(core_);
}

Async<void> Tunnel::stop() {
  return library::stop_on(core_);
}

}  // namespace shoal
