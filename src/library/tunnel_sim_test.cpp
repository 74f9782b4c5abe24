#include "library/two_hosts.h"

namespace shoal::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

class Tunnels : public TwoHosts {
 protected:
  ExposeOptions noting() {
    return {.on_event = [this](const TunnelEvent& event) { events.push_back(event); }};
  }
  std::vector<TunnelEvent> events;
};

Async<Tunnel> connect(Node& node, std::string ticket, TunnelOptions options = {}) {
  Tunnel tunnel = co_await node.connect_tunnel(std::move(ticket), std::move(options));
  co_return tunnel;
}

Async<std::string> ask_through(Tunnel tunnel, std::string text) {
  PeerStream stream = co_await tunnel.open();
  std::string answer = co_await exchange(stream, std::move(text));
  co_return answer;
}

Async<void> open_and_read(Tunnel tunnel) {
  PeerStream stream = co_await tunnel.open();
  co_await stream.read();
}

Async<void> only_connect(Node& node, std::string ticket) {
  co_await node.connect_tunnel(std::move(ticket));
}

Async<void> stop(Tunnel tunnel) {
  co_await tunnel.stop();
}

TEST_F(Tunnels, lead_to_a_handler_of_another_node) {
  const std::string ticket = there.expose("echo", echo, noting());
  const Tunnel tunnel = here.run(connect(here, ticket));
  EXPECT_EQ(tunnel.name(), "echo");
  EXPECT_EQ(tunnel.peer_id(), there.peer_id());
  EXPECT_EQ(tunnel.local(), "");
  const std::string large(500'000, 'x');
  EXPECT_EQ(here.run(ask_through(tunnel, large)), large);
  EXPECT_EQ(here.run(ask_through(tunnel, "again")), "again");
  world.run_for(1s);
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0].state, TunnelEvent::State::open);
  EXPECT_EQ(events[1].state, TunnelEvent::State::closed);
  EXPECT_EQ(events[1].bytes_in, large.size());
  EXPECT_EQ(events[1].peer_id, here.peer_id());
}

TEST_F(Tunnels, lead_to_a_port_that_nobody_listens_at) {
  const std::string ticket = there.expose("web", "localhost:80", noting());
  const Tunnel tunnel = here.run(connect(here, ticket, {.listen = "127.0.0.1:8080"}));
  EXPECT_EQ(tunnel.local(), "127.0.0.1:8080");
  EXPECT_EQ(failure(open_and_read(tunnel)), ErrorCode::closed);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].state, TunnelEvent::State::refused);
}

TEST_F(Tunnels, let_in_who_is_allowed) {
  ExposeOptions options = noting();
  options.allow = {there.peer_id()};
  const std::string ticket = there.expose("echo", echo, options);
  EXPECT_EQ(failure(only_connect(here, ticket)), ErrorCode::refused);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].peer_id, here.peer_id());
  there.unexpose("echo");
  options.allow = {here.peer_id()};
  const std::string again = there.expose("echo", echo, options);
  EXPECT_EQ(here.run(ask_through(here.run(connect(here, again)), "hi")), "hi");
}

TEST_F(Tunnels, keep_their_ticket_until_a_new_one_is_made) {
  const std::string first = there.expose("echo", echo);
  there.unexpose("echo");
  EXPECT_EQ(there.expose("echo", echo), first);
  there.unexpose("echo");
  const std::string other = there.expose("echo", echo, {.new_ticket = true});
  EXPECT_NE(other, first);
  EXPECT_EQ(failure(only_connect(here, first)), ErrorCode::refused);
  EXPECT_EQ(failure(only_connect(here, other)), std::nullopt);
}

TEST_F(Tunnels, end_when_they_are_stopped_or_taken_back) {
  const std::string ticket = there.expose("echo", echo);
  const Tunnel tunnel = here.run(connect(here, ticket));
  here.run(stop(tunnel));
  here.run(stop(tunnel));
  EXPECT_EQ(failure(open_and_read(tunnel)), ErrorCode::closed);
  there.unexpose("echo");
  EXPECT_EQ(failure(only_connect(here, ticket)), ErrorCode::refused);
}

TEST_F(Tunnels, say_what_is_wrong_with_names_targets_and_tickets) {
  const auto refusal = [this](const std::string& name, const std::string& target) {
    try {
      there.expose(name, target);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::failed;
  };
  EXPECT_EQ(refusal("No Name", "80"), ErrorCode::usage);
  EXPECT_EQ(refusal("web", "nowhere"), ErrorCode::usage);
  EXPECT_EQ(failure(only_connect(here, "shoaltunnel1abc")), ErrorCode::usage);
  there.expose("web", "80");
  EXPECT_EQ(refusal("web", "80"), ErrorCode::exists);
}

}  // namespace
}  // namespace shoal::testing
