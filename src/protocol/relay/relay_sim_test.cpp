#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "net/framing.h"
#include "protocol/relay/forward.h"
#include "protocol/relay/protocol.h"
#include "protocol/relay/relay_sim_testing.h"

namespace shoal::relay {
namespace {

using net::Path;
using net::testing::ask;
using net::testing::code_of;
using net::testing::echo;
using net::testing::failure_of;
using net::testing::kEcho;
using net::testing::pattern_bytes;
using net::testing::read_to_end;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::Member;
using ::testing::Not;
using testing::RelayNet;

Task<void> send_all(Stream& stream, Bytes bytes) {
  co_await write_all(stream, bytes);
  co_await stream.close_write();
}

/// What comes back when so much is sent to an echo.
Task<Bytes> send_and_read(System& system, net::Swarm& swarm, PeerId peer, Bytes bytes) {
  net::ProtocolStream opened = co_await swarm.open(peer, {kEcho});
  TaskGroup sending(system.waits, "sending");
  sending.spawn(send_all(*opened.stream, std::move(bytes)));
  std::exception_ptr failure;
  Bytes back;
  try {
    back = co_await read_to_end(*opened.stream);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await sending.stop();
  if (failure) std::rethrow_exception(failure);
  co_return back;
}

/// The relay's answer to one message.
Task<HopMessage> ask_relay(net::Swarm& swarm, PeerId relay, HopMessage message) {
  net::ProtocolStream opened = co_await swarm.open(relay, {kHopProtocol});
  const Bytes bytes = message.encode();
  co_await net::write_message(*opened.stream, bytes);
  const auto reply = co_await net::read_message(*opened.stream, kMaxMessageBytes);
  co_return HopMessage::decode(reply.value());
}

Status status_of(RelayNet& net, Member& from, HopMessage message) {
  return net.net.world.run(ask_relay(from.node.swarm, net.relay.id, std::move(message))).status;
}

TEST(Relay, connects_two_peers_that_know_only_the_relay) {
  RelayNet net;
  Member& b = net.add_reserved();
  Member& a = net.add();
  b.node.swarm.protocols().add(kEcho, echo);
  net.connect(a, b);
  EXPECT_EQ(net.net.world.run(ask(a.node.swarm, b.node.id, "hello")), "hello");
  const net::Connection* there = a.node.swarm.best(b.node.id);
  EXPECT_EQ(there->path(), Path::relay);
  EXPECT_TRUE(there->limited());
  EXPECT_EQ(there->remote(), net.circuit());
  const net::Connection* back = b.node.swarm.best(a.node.id);
  EXPECT_EQ(back->path(), Path::relay);
  EXPECT_EQ(back->remote(), net.circuit());
  EXPECT_EQ(net.server->circuits(), 1u);
  EXPECT_GT(net.server->bytes_relayed(), 0u);
}

TEST(Relay, addresses_name_the_relay_while_it_is_reserved) {
  RelayNet net;
  Member& b = net.add_reserved();
  EXPECT_EQ(b.node.swarm.listen_addresses().back(), net.circuit());
  net.relay.swarm.disconnect(b.node.id);
  net.net.world.run_for(1s);
  EXPECT_THAT(b.node.swarm.listen_addresses(), Not(Contains(net.circuit())));
  net.net.world.run_for(10s);
  EXPECT_EQ(b.node.swarm.listen_addresses().back(), net.circuit());
}

TEST(Relay, reservations_outlast_their_time) {
  RelayNet net;
  Member& b = net.add_reserved();
  for (int i = 0; i < 30; ++i) {
    net.net.world.run_for(10min);
    EXPECT_TRUE(b.client.is_reserved_at(net.relay.id));
  }
  Member& a = net.add();
  net.connect(a, b);
}

TEST(Relay, limited_circuits_end_after_their_bytes) {
  RelayNet net;
  Member& b = net.add_reserved();
  Member& a = net.add();
  b.node.swarm.protocols().add(kEcho, echo);
  net.connect(a, b);
  const auto send = [&](std::size_t bytes) {
    return net.net.world.run(
        failure_of(send_and_read(a.node.system, a.node.swarm, b.node.id, pattern_bytes(bytes))));
  };
  EXPECT_FALSE(send(100 * 1024).has_value());
  EXPECT_EQ(code_of(send(40 * 1024)), ErrorCode::closed);
  EXPECT_EQ(net.server->circuits(), 0u);
}

TEST(Relay, limited_circuits_end_after_their_time) {
  RelayNet net;
  Member& b = net.add_reserved();
  Member& a = net.add();
  net.connect(a, b);
  net.net.world.run_for(110s);
  EXPECT_NE(a.node.swarm.best(b.node.id), nullptr);
  net.net.world.run_for(15s);
  EXPECT_EQ(a.node.swarm.best(b.node.id), nullptr);
}

TEST(Relay, unlimited_circuits_carry_much_for_long) {
  RelayNet net(ServerLimits::unlimited_circuits());
  Member& b = net.add_reserved();
  Member& a = net.add();
  b.node.swarm.protocols().add(kEcho, echo);
  net.connect(a, b);
  EXPECT_FALSE(a.node.swarm.best(b.node.id)->limited());
  net.net.world.run_for(3min);
  const Bytes much = pattern_bytes(5'000'000);
  Task<Bytes> sending = send_and_read(a.node.system, a.node.swarm, b.node.id, much);
  EXPECT_TRUE(net.net.world.run(std::move(sending)) == much);
  EXPECT_GT(net.server->bytes_relayed(), 10'000'000u);
}

// H1
TEST(Relay, refuses_circuits_to_whoever_did_not_reserve) {
  RelayNet net;
  Member& a = net.add_reserved();
  Member& b = net.add();
  net.net.world.run(b.node.swarm.connect(net.relay.id));
  const HopMessage connect{.type = HopMessage::Type::connect, .peer = b.node.id};
  EXPECT_EQ(status_of(net, a, connect), Status::no_reservation);
  a.node.knows(b.node.id, net.circuit());
  const auto failure = net.net.world.run(failure_of(a.node.swarm.connect(b.node.id)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_THAT(failure->message(), HasSubstr("the peer is not connected to the relay"));
}

TEST(Relay, forgets_reservations_of_those_who_left) {
  RelayNet net;
  Member& b = net.add_reserved();
  EXPECT_EQ(net.server->reservations(), 1u);
  net.net.world.run(b.client.stop());
  b.node.swarm.disconnect(net.relay.id);
  net.net.world.run_for(1s);
  EXPECT_EQ(net.server->reservations(), 0u);
}

TEST(Relay, refuses_messages_that_ask_nothing) {
  RelayNet net;
  Member& a = net.add();
  EXPECT_EQ(status_of(net, a, {.type = HopMessage::Type::status}), Status::unexpected_message);
  EXPECT_EQ(status_of(net, a, {.type = HopMessage::Type::connect}), Status::malformed_message);
}

TEST(Relay, refuses_a_circuit_to_oneself) {
  RelayNet net;
  Member& b = net.add_reserved();
  const HopMessage connect{.type = HopMessage::Type::connect, .peer = b.node.id};
  EXPECT_EQ(status_of(net, b, connect), Status::permission_denied);
}

TEST(Relay, gives_up_on_peers_that_do_not_take_a_circuit) {
  RelayNet net;
  Member& b = net.add_reserved();
  b.node.swarm.protocols().remove(kStopProtocol);
  Member& a = net.add();
  const HopMessage connect{.type = HopMessage::Type::connect, .peer = b.node.id};
  EXPECT_EQ(status_of(net, a, connect), Status::connection_failed);
  EXPECT_EQ(net.server->circuits(), 0u);
}

TEST(Relay, never_goes_over_another_relay) {
  RelayNet net;
  Member& b = net.add_reserved();
  Member& a = net.add();
  // b is a relay, too, but is itself reached through one.
  Server other(b.node.system, b.node.swarm, b.node.identity, {});
  net.connect(a, b);
  EXPECT_EQ(
      net.net.world.run(ask_relay(a.node.swarm, b.node.id, {.type = HopMessage::Type::reserve}))
          .status,
      Status::permission_denied);
  const Multiaddr twice = net.circuit().with_peer(b.node.id).encapsulate(circuit_listen_address());
  Member& c = net.add();
  a.node.knows(c.node.id, twice);
  EXPECT_EQ(code_of(net.net.world.run(failure_of(a.node.swarm.connect(c.node.id)))),
            ErrorCode::unreachable);
  b.node.stop();
}

Task<StopMessage> call(net::Connection& connection, StopMessage message) {
  const std::array<std::string, 1> protocols = {kStopProtocol};
  net::ProtocolStream opened = co_await connection.open(protocols);
  const Bytes bytes = message.encode();
  co_await net::write_message(*opened.stream, bytes);
  const auto reply = co_await net::read_message(*opened.stream, kMaxMessageBytes);
  co_return StopMessage::decode(reply.value());
}

TEST(Relay, takes_circuits_only_from_relays_that_it_chose) {
  RelayNet net;
  Member& b = net.add();
  Member& stranger = net.add();
  stranger.node.connect(b.node);
  const auto reply =
      net.net.world.run(call(*stranger.node.swarm.best(b.node.id),
                             {.type = StopMessage::Type::connect, .peer = net.relay.id}));
  EXPECT_EQ(reply.status, Status::permission_denied);
}

/// Whomever the peer asks for.
Task<void> connect_to_another(net::testing::TestNode& relay, PeerId other,
                              net::ProtocolStream stream) {
  co_await net::read_message(*stream.stream, kMaxMessageBytes);
  const std::array<std::string, 1> protocols = {kStopProtocol};
  net::ProtocolStream target = co_await relay.swarm.best(other)->open(protocols);
  const StopMessage message{.type = StopMessage::Type::connect, .peer = stream.peer};
  const Bytes bytes = message.encode();
  co_await net::write_message(*target.stream, bytes);
  co_await net::read_message(*target.stream, kMaxMessageBytes);
  const HopMessage ok{.type = HopMessage::Type::status, .status = Status::ok};
  const Bytes answer = ok.encode();
  co_await net::write_message(*stream.stream, answer);
  std::uint64_t passed = 0;
  co_await forward(relay.system, *stream.stream, *target.stream, {}, passed);
}

TEST(Relay, a_peer_with_another_key_than_told_is_refused) {
  RelayNet net;
  Member& b = net.add_reserved();
  Member& a = net.add();
  Member& c = net.add();
  a.node.knows(c.node.id, net.circuit());
  net.relay.swarm.protocols().remove(kHopProtocol);
  net.relay.swarm.protocols().add(kHopProtocol, [&](net::ProtocolStream stream) {
    return connect_to_another(net.relay, b.node.id, std::move(stream));
  });
  const auto failure = net.net.world.run(failure_of(a.node.swarm.connect(c.node.id)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(a.node.swarm.best(c.node.id), nullptr);
}

/// How many of so many requests at once are answered.
std::size_t answered(RelayNet& net, Member& from, std::size_t requests) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < requests; ++i) {
    const auto failure = net.net.world.run(
        failure_of(ask_relay(from.node.swarm, net.relay.id, {.type = HopMessage::Type::status})));
    if (!failure) ++out;
  }
  return out;
}

TEST(Relay, bounds_the_requests_of_a_peer) {
  RelayNet net;
  Member& a = net.add();
  const TimePoint begin = net.net.world.now();
  const std::size_t got = answered(net, a, 120);
  const double passed = std::chrono::duration<double>(net.net.world.now() - begin).count();
  EXPECT_GE(static_cast<double>(got), Server::kRequestBurst);
  EXPECT_LE(static_cast<double>(got),
            Server::kRequestBurst + passed * Server::kRequestsPerSecond + 1);
  EXPECT_LT(got, 120u);
}

TEST(Relay, bounds_circuits_that_wait) {
  RelayNet net;
  net::testing::TestNode& b = net.net.add();
  b.knows(net.relay);
  // Nobody accepts: it does not listen for circuits.
  Client client(b.system, b.swarm);
  client.keep(net.relay.id);
  net.net.world.run_while_not([&] { return client.is_reserved_at(net.relay.id); });
  const StopMessage message{.type = StopMessage::Type::connect, .peer = net.relay.id};
  for (std::size_t i = 0; i <= Client::kMaxWaiting; ++i) {
    SCOPED_TRACE(i);
    net::Connection* to = net.relay.swarm.best(b.id);
    ASSERT_NE(to, nullptr);
    const auto reply = net.net.world.run(call(*to, message));
    EXPECT_EQ(reply.status, i < Client::kMaxWaiting ? Status::ok : Status::resource_limit_exceeded);
  }
  net.net.world.run(client.stop());
  b.stop();
}

TEST(Relay, many_circuits_of_one_relay_are_admitted) {
  ServerLimits limits = ServerLimits::unlimited_circuits();
  limits.circuits_per_peer = 64;
  RelayNet net(limits);
  Member& b = net.add_reserved();
  for (int i = 0; i < 40; ++i) net.connect(net.add(), b);
  net.net.world.run_for(1s);
  EXPECT_EQ(b.node.swarm.connections().size(), 41u);
  EXPECT_EQ(net.server->circuits(), 40u);
  EXPECT_TRUE(b.client.is_reserved_at(net.relay.id));
}

}  // namespace
}  // namespace shoal::relay
