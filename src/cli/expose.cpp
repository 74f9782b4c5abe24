#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "service/link_addresses.h"
#include "service/tunnel_exposer.h"
#include "service/tunnel_secret.h"
#include "system/event.h"

namespace shoal::cli {

namespace {

/// Lets others connect to a service of this machine, until stopped.
class ExposeCommand final : public Command {
 public:
  explicit ExposeCommand(ExposeOptions options) : options_(std::move(options)) {}

  Task<void> run(Session& session) override {
    session_ = &session;
    session.expect_signal();
    session.serve_dht();
    node::Node& node = session.start_node();
    node.when_unreachable([this](const PeerId& peer, const std::string& reason) {
      session_->output().warning(fmt::format(
          "cannot connect to {}: {}; trying again until it works", peer.to_string(), reason));
    });
    exposer_ = std::make_unique<service::TunnelExposer>(session.system(), node.swarm());
    exposer_->when_event([this](const service::TunnelEvent& event) { tell(event); });
    Bytes secret;
    if (options_.allowed.empty()) {
      secret = service::tunnel_secret(session.system(), node.home().folder(), options_.name,
                                      options_.new_ticket);
    }
    exposer_->add({.name = options_.name,
                   .target = options_.target,
                   .allowed = options_.allowed,
                   .secret = secret});
    tell_ticket(node, {.peer = node.id(), .name = options_.name, .secret = secret});
    Event never(session.system().waits);
    while (true) co_await never.wait();
  }

  Task<void> stop() override {
    if (exposer_) co_await exposer_->stop();
    exposer_.reset();
  }

 private:
  void tell_ticket(node::Node& node, service::TunnelTicket ticket) {
    for (const Multiaddr& address : service::link_addresses(node.addresses())) {
      ticket.addresses.push_back(address.without_peer());
    }
    Output& output = session_->output();
    const std::string text = ticket.to_string();
    output.event({{"event", "exposed"},
                  {"name", ticket.name},
                  {"ticket", text},
                  {"target", options_.target.to_string()},
                  {"peer_id", node.id().to_string()}});
    output.note(fmt::format(
        "{} leads to {}. {}, run (stop with Ctrl-C here):\n"
        "  shoal connect TICKET   with this ticket",
        ticket.name, options_.target.to_string(),
        ticket.secret.empty() ? "At the peers that are allowed" : "On the other machine"));
    output.result(text);
    output.check_written();
    if (!ticket.secret.empty()) {
      output.note("Who has the ticket can connect; --new-ticket makes another, which ends this.");
    }
    tell_reach(ticket);
  }

  void tell_reach(const service::TunnelTicket& ticket) {
    auto reach = service::Reach::this_machine;
    for (const auto& at : ticket.addresses) reach = std::max(reach, service::reach_of(at));
    if (reach == service::Reach::anywhere) return;
    session_->output().note(fmt::format(
        "It works {} only. If a router forwards a port to this machine, name it with --announce.",
        reach == service::Reach::this_machine ? "on this machine" : "inside this network"));
  }

  void tell(const service::TunnelEvent& event) {
    using State = service::TunnelEvent::State;
    const char* const state = event.state == State::open     ? "open"
                              : event.state == State::closed ? "closed"
                                                             : "refused";
    Output& output = session_->output();
    output.news({{"event", "tunnel"},
                 {"name", event.name},
                 {"peer_id", event.peer.to_string()},
                 {"state", state},
                 {"bytes_in", event.bytes_in},
                 {"bytes_out", event.bytes_out},
                 {"reason", event.reason}});
  }

  const ExposeOptions options_;
  Session* session_ = nullptr;
  std::unique_ptr<service::TunnelExposer> exposer_;
};

}  // namespace

std::unique_ptr<Command> make_expose(ExposeOptions options) {
  return std::make_unique<ExposeCommand>(std::move(options));
}

}  // namespace shoal::cli
