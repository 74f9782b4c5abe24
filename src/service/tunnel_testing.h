#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/swarm_testing.h"
#include "protocol/ping/ping.h"
#include "routing/routing.h"
#include "service/tunnel_connector.h"
#include "service/tunnel_exposer.h"

namespace shoal::service::testing {

using net::testing::TestNet;
using net::testing::TestNode;

inline constexpr std::uint16_t kServicePort = 80;
inline constexpr std::uint16_t kLocalPort = 8080;

/// Sends back all that it reads, then ends its half.
inline Task<void> echo_stream(std::unique_ptr<Stream> stream) {
  Bytes buffer(16 * 1024);
  while (true) {
    const std::size_t got = co_await stream->read_some(buffer);
    if (got == 0) break;
    co_await write_all(*stream, ByteView(buffer).first(got));
  }
  co_await stream->close_write();
}

/// A TCP service on the host of a node.
class Service {
 public:
  using Handler = std::function<Task<void>(std::unique_ptr<Stream>)>;

  Service(TestNode& node, Handler handler = echo_stream, std::uint16_t port = kServicePort)
      : node_(node),
        handler_(std::move(handler)),
        listener_(node.system.network.listen({IpAddress::loopback_v4(), port})),
        tasks_(node.system.waits, "service") {
    tasks_.spawn(accept());
  }
  ~Service() { node_.host.world().run(tasks_.stop()); }

  std::size_t accepted() const { return accepted_; }
  std::size_t open() const { return tasks_.size() - 1; }

 private:
  Task<void> accept() {
    while (true) {
      std::unique_ptr<Stream> stream = co_await listener_->accept();
      ++accepted_;
      tasks_.spawn(handler_(std::move(stream)));
    }
  }

  TestNode& node_;
  Handler handler_;
  std::unique_ptr<Listener> listener_;
  std::size_t accepted_ = 0;
  TaskGroup tasks_;
};

/// Nodes of a world, the first of which exposes "web", its port 80, by a secret.
class Tunnel {
 public:
  explicit Tunnel(Duration latency = 10ms, sim::HostOptions host = {})
      : net(latency), server(net.add({}, host)), exposer(server.system, server.swarm) {
    ping::serve(server.system, server.swarm);
    exposer.when_event([this](const TunnelEvent& event) { events.push_back(event); });
  }
  ~Tunnel() {
    clients.clear();
    net.world.run(exposer.stop());
  }

  void expose(std::vector<PeerId> allowed = {}) {
    exposer.add({.name = "web",
                 .target = TunnelTarget::parse("localhost:80"),
                 .allowed = allowed,
                 .secret = allowed.empty() ? secret : Bytes()});
  }

  TunnelTicket ticket() const {
    return {.peer = server.id, .addresses = {server.address()}, .name = "web", .secret = secret};
  }

  /// A node with a connector.
  struct Client {
    Client(TestNode& its_node, TunnelTicket ticket)
        : node(its_node),
          routing(node.system, node.swarm),
          connector(node.system, node.swarm, routing, std::move(ticket),
                    {.connected = [this](net::Path) { ++connected; },
                     .lost = [this](const std::string& reason) { lost.push_back(reason); },
                     .failed = [this](const Error& error) { failed.push_back(error); }}) {
      ping::serve(node.system, node.swarm);
    }
    ~Client() {
      node.host.world().run(connector.stop());
      node.host.world().run(routing.stop());
    }

    /// A connection of a program on the client's host.
    std::unique_ptr<Stream> dial() {
      return node.host.world().run(
          node.system.network.connect({IpAddress::loopback_v4(), kLocalPort}));
    }
    void listen() { connector.listen({IpAddress::loopback_v4(), kLocalPort}); }

    TestNode& node;
    routing::Routing routing;
    TunnelConnector connector;
    int connected = 0;
    std::vector<std::string> lost;
    std::vector<Error> failed;
  };

  Client& add_client(TunnelTicket with, sim::HostOptions host = {}) {
    clients.push_back(std::make_unique<Client>(net.add({}, host), std::move(with)));
    return *clients.back();
  }
  /// One that has connected and listens.
  Client& connect(sim::HostOptions host = {}) {
    Client& client = add_client(ticket(), std::move(host));
    net.world.run(client.connector.connect());
    client.listen();
    return client;
  }

  std::size_t count(TunnelEvent::State state) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(events, [state](const auto& each) { return each.state == state; }));
  }

  TestNet net;
  TestNode& server;
  const Bytes secret = Bytes(TunnelTicket::kSecretBytes, 0x5a);
  TunnelExposer exposer;
  std::vector<TunnelEvent> events;
  std::vector<std::unique_ptr<Client>> clients;
};

}  // namespace shoal::service::testing
