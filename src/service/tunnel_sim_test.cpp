#include <gtest/gtest.h>

#include "service/tunnel_testing.h"
#include "system/task_group.h"

namespace shoal::service {
namespace {

using net::testing::failure_of;
using net::testing::pattern_bytes;
using net::testing::read_to_end;
using testing::Service;
using testing::TestNode;
using testing::Tunnel;
using State = TunnelEvent::State;

Task<void> send_and_end(Stream& stream, Bytes bytes) {
  co_await write_all(stream, bytes);
  co_await stream.close_write();
}

/// Sends `bytes`, ends its half, and returns what comes back.
Task<Bytes> round_trip(System& system, std::unique_ptr<Stream> stream, Bytes bytes) {
  TaskGroup sending(system.waits, "sender");
  sending.spawn(send_and_end(*stream, std::move(bytes)));
  Bytes back;
  std::optional<Error> failure;
  try {
    back = co_await read_to_end(*stream);
  } catch (const Error& error) {
    failure = error;
  }
  co_await sending.stop();
  if (failure) throw *failure;
  co_return back;
}

Bytes echoed(Tunnel::Client& client, const Bytes& bytes) {
  return client.node.host.world().run(round_trip(client.node.system, client.dial(), bytes));
}

TEST(Tunnel, carries_bytes_both_ways_and_keeps_half_close) {
  Tunnel tunnel;
  Service service(tunnel.server);
  tunnel.expose();
  Tunnel::Client& client = tunnel.connect();
  const Bytes sent = pattern_bytes(3'000'000);
  EXPECT_EQ(echoed(client, sent), sent);
  EXPECT_EQ(echoed(client, {}), Bytes());
  tunnel.net.world.run_for(1s);
  ASSERT_EQ(tunnel.count(State::closed), 2U);
  EXPECT_EQ(tunnel.count(State::open), 2U);
  EXPECT_EQ(tunnel.events[1].bytes_in, sent.size());
  EXPECT_EQ(tunnel.events[1].bytes_out, sent.size());
  EXPECT_EQ(tunnel.events[1].reason, "");
  EXPECT_EQ(tunnel.exposer.connections(), 0U);
  EXPECT_EQ(client.connector.connections(), 0U);
}

Task<void> answer_after_end(std::unique_ptr<Stream> stream) {
  const Bytes all = co_await read_to_end(*stream);
  const Bytes answer = pattern_bytes(all.size() * 2);
  co_await write_all(*stream, answer);
  co_await stream->close_write();
}

TEST(Tunnel, a_service_answers_after_the_end_of_the_question) {
  Tunnel tunnel;
  Service service(tunnel.server, answer_after_end);
  tunnel.expose();
  EXPECT_EQ(echoed(tunnel.connect(), Bytes(500'000)), pattern_bytes(1'000'000));
}

Task<void> count_round_trip(Tunnel::Client& client, std::size_t number, std::size_t& right) {
  std::unique_ptr<Stream> stream =
      co_await client.node.system.network.connect({IpAddress::loopback_v4(), testing::kLocalPort});
  const Bytes sent = pattern_bytes(20'000, number);
  const Bytes back = co_await round_trip(client.node.system, std::move(stream), sent);
  if (back == sent) ++right;
}

TEST(Tunnel, carries_1024_connections_at_once) {
  Tunnel tunnel(5ms);
  Service service(tunnel.server);
  tunnel.expose();
  Tunnel::Client& client = tunnel.connect();
  TaskGroup work(tunnel.net.world.waits(), "programs");
  std::size_t right = 0;
  for (std::size_t i = 0; i < TunnelConnector::kMaxConnections; ++i) {
    work.spawn(count_round_trip(client, i, right));
  }
  tunnel.net.world.run(work.join());
  EXPECT_EQ(right, TunnelConnector::kMaxConnections);
  EXPECT_EQ(service.accepted(), TunnelConnector::kMaxConnections);
}

Task<void> hold(std::unique_ptr<Stream> stream) {
  Bytes buffer(1);
  co_await stream->read_some(buffer);
}

TEST(Tunnel, one_more_than_1024_connections_waits_for_an_end) {
  Tunnel tunnel(5ms);
  Service service(tunnel.server, hold);
  tunnel.expose();
  Tunnel::Client& client = tunnel.connect();
  std::vector<std::unique_ptr<Stream>> open;
  for (std::size_t i = 0; i < TunnelConnector::kMaxConnections + 1; ++i) {
    open.push_back(client.dial());
  }
  tunnel.net.world.run_for(10s);
  EXPECT_EQ(service.open(), TunnelConnector::kMaxConnections);
  open.front()->abort();
  tunnel.net.world.run_for(5s);
  EXPECT_EQ(service.accepted(), TunnelConnector::kMaxConnections + 1);
  EXPECT_EQ(service.open(), TunnelConnector::kMaxConnections);
}

Task<void> write_for_ever(std::unique_ptr<Stream> stream) {
  const Bytes much = pattern_bytes(100'000);
  while (true) co_await write_all(*stream, much);
}

TEST(Tunnel, five_hundred_readers_that_pause_cost_little_and_harm_nobody) {
  Tunnel tunnel(5ms, {.window_bytes = 64 * 1024});
  Service service(tunnel.server, write_for_ever);
  tunnel.expose();
  Tunnel::Client& client = tunnel.connect({.window_bytes = 64 * 1024});
  std::vector<std::unique_ptr<Stream>> paused;
  for (int i = 0; i < 500; ++i) paused.push_back(client.dial());
  tunnel.net.world.run_for(10s);
  EXPECT_EQ(service.open(), 500U);
  EXPECT_LT(client.node.swarm.buffered_bytes(), 1024 * 1024U);
  // One more that reads goes on as if they were not there.
  const auto reader = client.dial();
  Bytes some(1'000'000);
  tunnel.net.world.run(read_exactly(*reader, some));
  EXPECT_EQ(client.failed.size(), 0U);
}

TEST(Tunnel, a_break_on_either_side_breaks_the_other) {
  Tunnel tunnel;
  Service service(tunnel.server, hold);
  tunnel.expose();
  Tunnel::Client& client = tunnel.connect();
  auto broken_here = client.dial();
  tunnel.net.world.run_for(1s);
  EXPECT_EQ(service.open(), 1U);
  broken_here->abort();
  tunnel.net.world.run_for(1s);
  EXPECT_EQ(service.open(), 0U);
  auto broken_there = client.dial();
  tunnel.net.world.run_for(1s);
  tunnel.exposer.remove("web");
  Bytes one(1);
  const auto failure = tunnel.net.world.run(failure_of(broken_there->read_some(one)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::closed);
}

TEST(Tunnel, a_service_that_is_not_there_breaks_the_connection_and_says_so) {
  Tunnel tunnel;
  tunnel.expose();
  Tunnel::Client& client = tunnel.connect();
  const auto failure = tunnel.net.world.run(
      failure_of(round_trip(client.node.system, client.dial(), to_bytes("anybody?"))));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::closed);
  ASSERT_EQ(client.failed.size(), 1U);
  EXPECT_EQ(client.failed[0].code(), ErrorCode::unreachable);
  ASSERT_EQ(tunnel.count(State::refused), 1U);
  EXPECT_NE(tunnel.events[0].reason, "");
}

ErrorCode refusal_of(Tunnel& tunnel, TunnelTicket ticket) {
  Tunnel::Client& client = tunnel.add_client(std::move(ticket));
  const auto failure = tunnel.net.world.run(failure_of(client.connector.connect()));
  return failure ? failure->code() : ErrorCode::failed;
}

TEST(Tunnel, refuses_a_wrong_secret_none_and_another_name_alike) {
  Tunnel tunnel;
  Service service(tunnel.server);
  tunnel.expose();
  TunnelTicket wrong = tunnel.ticket();
  wrong.secret[0] ^= 1;
  TunnelTicket none = tunnel.ticket();
  none.secret.clear();
  TunnelTicket other = tunnel.ticket();
  other.name = "db";
  for (const TunnelTicket& ticket : {wrong, none, other}) {
    EXPECT_EQ(refusal_of(tunnel, ticket), ErrorCode::refused);
  }
  ASSERT_EQ(tunnel.count(State::refused), 3U);
  EXPECT_EQ(tunnel.events[0].peer, tunnel.clients[0]->node.id);
  EXPECT_EQ(tunnel.events[2].name, "db");
  EXPECT_EQ(service.accepted(), 0U);
}

TEST(Tunnel, lets_in_who_is_on_the_list_and_nobody_else) {
  Tunnel tunnel;
  Service service(tunnel.server);
  TestNode& friendly = tunnel.net.add();
  tunnel.expose({friendly.id});
  // The secret of another tunnel helps nobody, nor does an empty one.
  TunnelTicket ticket = tunnel.ticket();
  EXPECT_EQ(refusal_of(tunnel, ticket), ErrorCode::refused);
  ticket.secret.clear();
  EXPECT_EQ(refusal_of(tunnel, ticket), ErrorCode::refused);
  tunnel.clients.push_back(std::make_unique<Tunnel::Client>(friendly, ticket));
  tunnel.net.world.run(tunnel.clients.back()->connector.connect());
  tunnel.clients.back()->listen();
  EXPECT_EQ(echoed(*tunnel.clients.back(), Bytes(9)), Bytes(9));
}

TEST(Tunnel, says_that_the_peer_exposes_nothing) {
  Tunnel tunnel;
  EXPECT_EQ(refusal_of(tunnel, tunnel.ticket()), ErrorCode::refused);
}

TEST(Tunnel, a_peer_that_is_cut_off_is_noticed_within_15_seconds_by_both) {
  Tunnel tunnel(10ms, {.retransmission_limit = 1h});
  Service service(tunnel.server, hold);
  tunnel.expose();
  Tunnel::Client& client = tunnel.connect({.retransmission_limit = 1h});
  const auto program = client.dial();
  tunnel.net.world.run_for(30s);
  EXPECT_EQ(service.open(), 1U);
  tunnel.net.world.partition({&tunnel.server.host}, {&client.node.host});
  tunnel.net.world.run_for(15s);
  EXPECT_EQ(client.lost.size(), 1U);
  EXPECT_EQ(client.connector.connections(), 0U);
  EXPECT_EQ(tunnel.exposer.connections(), 0U);
  EXPECT_EQ(service.open(), 0U);
}

TEST(Tunnel, an_idle_tunnel_stays_for_hours) {
  Tunnel tunnel;
  Service service(tunnel.server);
  tunnel.expose();
  Tunnel::Client& client = tunnel.connect();
  tunnel.net.world.run_for(2h);
  EXPECT_TRUE(client.lost.empty());
  EXPECT_EQ(echoed(client, Bytes(5)), Bytes(5));
}

TEST(Tunnel, connects_again_when_the_network_is_back) {
  Tunnel tunnel;
  Service service(tunnel.server);
  tunnel.expose();
  Tunnel::Client& client = tunnel.connect();
  tunnel.net.world.partition({&tunnel.server.host}, {&client.node.host});
  tunnel.net.world.run_for(60s);
  EXPECT_EQ(client.lost.size(), 1U);
  tunnel.net.world.heal();
  // What comes meanwhile waits for it.
  EXPECT_EQ(echoed(client, Bytes(7)), Bytes(7));
  EXPECT_EQ(client.connected, 2);
}

}  // namespace
}  // namespace shoal::service
