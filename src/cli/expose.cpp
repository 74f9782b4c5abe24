#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/commands.h"
#include "service/link_addresses.h"
#include "service/tunnel_exposer.h"
#include "service/tunnel_secret.h"
#include "system/event.h"

namespace shoal::cli {

namespace {

constexpr Duration kTicketPatience = 5s;

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
    ticket_.emplace(service::TunnelTicket{.peer = node.id(),
                                          .name = options_.name,
                                          .secret = std::move(secret),
                                          .datagrams = options_.target.udp});
    Event changed(session.system().waits);
    node.when_addresses_changed([&changed] { changed.notify_all(); });
    co_await wait_for_relays(node, changed);
    ticket_->addresses = addresses_of(node);
    tell_ticket();
    tell_how();
    while (true) {
      co_await changed.wait();
      tell_better_ticket(node);
    }
  }

  Task<void> stop() override {
    if (session_ != nullptr && ticket_) session_->open_node().when_addresses_changed({});
    if (exposer_) co_await exposer_->stop();
    exposer_.reset();
  }

 private:
  static std::vector<Multiaddr> addresses_of(node::Node& node) {
    std::vector<Multiaddr> out;
    for (const Multiaddr& address : service::link_addresses(node.addresses())) {
      out.push_back(address.without_peer());
    }
    return out;
  }

  /// A ticket without them might lead nowhere, so they get a moment to answer.
  Task<void> wait_for_relays(node::Node& node, Event& changed) {
    const TimePoint end = session_->now() + kTicketPatience;
    while (node.awaits_relay() && session_->now() < end) {
      co_await changed.wait_until(session_->system().clock, end);
    }
  }

  void tell_ticket() {
    Output& output = session_->output();
    output.event({{"event", "exposed"},
                  {"name", ticket_->name},
                  {"ticket", ticket_->to_string()},
                  {"target", options_.target.to_string()},
                  {"peer_id", ticket_->peer.to_string()}});
    output.result(ticket_->to_string());
    output.check_written();
  }

  void tell_how() {
    Output& output = session_->output();
    const bool listed = ticket_->secret.empty();
    output.note(
        fmt::format("{} leads to {}. {}, run (stop with Ctrl-C here):\n"
                    "  shoal connect TICKET   with this ticket",
                    ticket_->name, options_.target.to_string(),
                    listed ? "At the peers that are allowed" : "On the other machine"));
    if (!listed) {
      output.note(
          "Whoever has the ticket can connect; --new-ticket makes a new one and ends this one.");
    }
    auto reach = service::Reach::this_machine;
    for (const auto& at : ticket_->addresses) reach = std::max(reach, service::reach_of(at));
    if (reach == service::Reach::anywhere) return;
    output.note(fmt::format(
        "It works {} only. If a router forwards a port to this machine, name it with --announce; "
        "if a peer elsewhere relays for you, with --relay.",
        reach == service::Reach::this_machine ? "on this machine" : "inside this network"));
  }

  /// A relay has given a place, or is gone.
  void tell_better_ticket(node::Node& node) {
    const std::size_t before = ticket_->addresses.size();
    std::vector<Multiaddr> now = addresses_of(node);
    if (now == ticket_->addresses) return;
    ticket_->addresses = std::move(now);
    if (ticket_->addresses.size() < before) return;
    session_->output().note("The ticket has got better; the one before works where it did:");
    tell_ticket();
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
  std::optional<service::TunnelTicket> ticket_;
  std::unique_ptr<service::TunnelExposer> exposer_;
};

}  // namespace

std::unique_ptr<Command> make_expose(ExposeOptions options) {
  return std::make_unique<ExposeCommand>(std::move(options));
}

}  // namespace shoal::cli
