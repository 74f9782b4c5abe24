#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/standard_stream.h"
#include "service/tunnel_connector.h"
#include "system/event.h"
#include "system/whole_file.h"

namespace shoal::cli {

namespace {

/// Brings the service that a ticket names to a port of this machine, or to stdin and stdout.
class ConnectCommand final : public Command {
 public:
  explicit ConnectCommand(ConnectOptions options) : options_(std::move(options)) {}

  Task<void> run(Session& session) override {
    session_ = &session;
    service::TunnelTicket ticket = read_ticket();
    if (ticket.datagrams) check_datagrams();
    if (!options_.local) session.output().hand_over_stdout();
    node::Node& node = session.start_node();
    // Taken before the peer is asked: a port that is in use is a mistake of this side.
    connector_ = std::make_unique<service::TunnelConnector>(
        session.system(), node.swarm(), node.routing(), std::move(ticket), callbacks());
    co_await connector_->connect();
    if (!options_.local) {
      co_await connector_->carry(make_standard_stream(session.system()));
      co_return;
    }
    session.expect_signal();
    local_ = connector_->listen(*options_.local);
    if (options_.http) listen_as_site();
    tell_connected();
    session.output().result(options_.http ? url() : local_->to_string());
    session.output().check_written();
    Event never(session.system().waits);
    while (true) co_await never.wait();
  }

  Task<void> stop() override {
    if (connector_) co_await connector_->stop();
    connector_.reset();
  }

 private:
  service::TunnelTicket read_ticket() const {
    if (!options_.ticket.starts_with('@')) return service::TunnelTicket::parse(options_.ticket);
    Storage& storage = session_->system().storage;
    const std::string path = storage.absolute(options_.ticket.substr(1));
    const auto text = read_whole(storage, path, service::TunnelTicket::kMaxTextBytes + 64);
    if (!text) throw Error(ErrorCode::io, "no such file", path);
    return service::TunnelTicket::parse(as_text(*text));
  }

  void check_datagrams() const {
    if (options_.local && !options_.http) return;
    throw Error(ErrorCode::usage, "this ticket is for a UDP service", {},
                "it needs a local port: leave out - and --http");
  }

  service::TunnelConnector::Callbacks callbacks() {
    return {.connected = [this](net::Path path) { note_connected(path); },
            .lost = [this](const std::string& reason) { tell_lost(reason); },
            .moved = [this](net::Path from, net::Path to) { tell_moved(from, to); },
            .failed = [this](const Error& error) { tell_failed(error); }};
  }

  void note_connected(net::Path path) {
    path_ = path;
    if (!local_) return;  // told when the port is there
    tell_connected();
    session_->output().note("connected again");
  }

  std::string url() const {
    return fmt::format("http://{}.localhost:{}", connector_->ticket().name, local_->port);
  }

  /// Programs take *.localhost for either of the addresses of this machine (RFC 6761).
  void listen_as_site() {
    std::array<std::uint8_t, 16> bytes{};
    bytes.back() = 1;
    const IpAddress other =
        local_->address.is_v6() ? IpAddress::loopback_v4() : IpAddress::v6(bytes);
    try {
      connector_->listen({other, local_->port});
    } catch (const Error& error) {
      log_info("not at {}: {}", other.to_string(), error.what());
    }
  }

  void tell_connected() {
    const service::TunnelTicket& ticket = connector_->ticket();
    boost::json::object event = {{"event", "connected"},
                                 {"name", ticket.name},
                                 {"local", local_->to_string()},
                                 {"protocol", ticket.datagrams ? "udp" : "tcp"},
                                 {"peer_id", ticket.peer.to_string()},
                                 {"path", net::name_of(path_)}};
    if (options_.http) event["url"] = url();
    session_->output().event(event);
  }

  void tell_lost(const std::string& reason) {
    session_->output().event({{"event", "waiting"}, {"for", "connection"}, {"detail", reason}});
    if (!session_->output().json()) {
      session_->output().warning(reason + "; connecting again until it works");
    }
  }

  void tell_moved(net::Path from, net::Path to) {
    path_ = to;
    session_->output().event({{"event", "path"},
                              {"peer_id", connector_->ticket().peer.to_string()},
                              {"from", net::name_of(from)},
                              {"to", net::name_of(to)},
                              {"via", nullptr}});
  }

  void tell_failed(const Error& error) {
    session_->output().news({{"event", "broken"}, {"reason", error.message()}});
    session_->output().news(fmt::format("a connection ended: {}", error.message()));
  }

  const ConnectOptions options_;
  Session* session_ = nullptr;
  std::unique_ptr<service::TunnelConnector> connector_;
  std::optional<Endpoint> local_;
  net::Path path_ = net::Path::direct;
};

}  // namespace

std::unique_ptr<Command> make_connect(ConnectOptions options) {
  return std::make_unique<ConnectCommand>(std::move(options));
}

}  // namespace shoal::cli
