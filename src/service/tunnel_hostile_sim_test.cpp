#include <gtest/gtest.h>

#include "base/log.h"
#include "net/framing.h"
#include "service/tunnel_testing.h"

namespace shoal::service {
namespace {

using net::testing::failure_of;
using testing::Service;
using testing::TestNode;
using testing::Tunnel;
using State = TunnelEvent::State;

/// A peer that speaks the protocol as it likes.
struct Attacker {
  explicit Attacker(Tunnel& its_tunnel) : tunnel(its_tunnel), node(its_tunnel.net.add()) {
    node.knows(tunnel.server);
  }

  std::unique_ptr<Stream> open() {
    return std::move(
        tunnel.net.world.run(node.swarm.open(tunnel.server.id, {tunnel::kProtocol})).stream);
  }
  /// A stream on which `message` was said.
  std::unique_ptr<Stream> say(const Bytes& message) {
    std::unique_ptr<Stream> stream = open();
    tunnel.net.world.run(net::write_message(*stream, message));
    return stream;
  }
  Bytes authentic_open() const {
    return tunnel::Open{.name = "web",
                        .proof = tunnel::prove(tunnel.secret, tunnel.server.id, node.id, "web")}
        .encode();
  }
  std::optional<Error> answer_of(Stream& stream) {
    return tunnel.net.world.run(failure_of(tunnel::read_answer(stream)));
  }
  std::size_t streams_there() {
    const net::Connection* connection = tunnel.server.swarm.best(node.id);
    return connection == nullptr ? 0 : connection->stream_count();
  }

  Tunnel& tunnel;
  TestNode& node;
};

TEST(TunnelHostile, streams_that_say_nothing_end_after_10_seconds) {
  Tunnel tunnel;
  tunnel.expose();
  Attacker attacker(tunnel);
  std::vector<std::unique_ptr<Stream>> silent;
  for (int i = 0; i < 20; ++i) {
    silent.push_back(attacker.open());
    // The name of the protocol leaves with the first bytes: one of a length, and no more.
    tunnel.net.world.run(write_all(*silent.back(), Bytes{0x85}));
  }
  tunnel.net.world.run_for(9s);
  EXPECT_EQ(attacker.streams_there(), 20U);
  tunnel.net.world.run_for(2s);
  EXPECT_EQ(attacker.streams_there(), 0U);
}

TEST(TunnelHostile, of_one_peer_256_streams_may_be_silent_at_once) {
  Tunnel tunnel;
  Service service(tunnel.server);
  tunnel.expose();
  Attacker attacker(tunnel);
  std::vector<std::unique_ptr<Stream>> silent;
  for (std::size_t i = 0; i < TunnelExposer::kMaxUnauthenticatedPerPeer + 50; ++i) {
    silent.push_back(attacker.open());
    tunnel.net.world.run(write_all(*silent.back(), Bytes{0x85}));
    tunnel.net.world.run_for(20ms);
  }
  EXPECT_EQ(attacker.streams_there(), TunnelExposer::kMaxUnauthenticatedPerPeer);
  // Others are let in meanwhile.
  tunnel.connect();
}

TEST(TunnelHostile, refuses_names_that_are_too_long_before_they_come) {
  Tunnel tunnel;
  tunnel.expose();
  Attacker attacker(tunnel);
  for (const Bytes& length : {Bytes{0x81, 0x08}, Bytes{0xff, 0xff, 0xff, 0xff, 0x0f}}) {
    const auto stream = attacker.open();
    tunnel.net.world.run(write_all(*stream, length));
    const auto failure = attacker.answer_of(*stream);
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(failure->code(), ErrorCode::closed);
  }
  for (const std::string& name : {std::string(1000, 'a'), std::string("a\nb"), std::string()}) {
    const auto stream = attacker.say(tunnel::Open{.name = name}.encode());
    EXPECT_TRUE(attacker.answer_of(*stream).has_value());
  }
  EXPECT_EQ(tunnel.count(State::refused), 0U);
}

TEST(TunnelHostile, a_proof_of_another_peer_is_worth_nothing) {
  Tunnel tunnel;
  Service service(tunnel.server);
  tunnel.expose();
  Attacker honest(tunnel);
  Attacker thief(tunnel);
  const auto good = honest.say(honest.authentic_open());
  EXPECT_FALSE(honest.answer_of(*good).has_value());
  const auto stolen = thief.say(honest.authentic_open());
  const auto failure = thief.answer_of(*stolen);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::refused);
  EXPECT_EQ(service.accepted(), 1U);
}

TEST(TunnelHostile, who_is_let_in_may_not_send_beyond_the_window) {
  Tunnel tunnel;
  const auto never_reads = [](std::unique_ptr<Stream> stream) -> Task<void> {
    co_await stream->close_write();
    Bytes one(1);
    co_await read_exactly(*stream, one);
  };
  Service service(tunnel.server, never_reads);
  tunnel.expose();
  Attacker attacker(tunnel);
  for (const Bytes& frame : {Bytes{9, 0, 0, 0}, Bytes{0, 0xff, 0xff, 0xff}, Bytes{1, 0, 0, 0}}) {
    const auto stream = attacker.say(attacker.authentic_open());
    EXPECT_FALSE(attacker.answer_of(*stream).has_value());
    tunnel.net.world.run(write_all(*stream, frame));
    tunnel.net.world.run_for(1s);
    EXPECT_EQ(tunnel.exposer.connections(), 0U);
  }
  EXPECT_EQ(tunnel.count(State::closed), 3U);
  // It is the streams that end, not the connection.
  EXPECT_NE(tunnel.server.swarm.best(attacker.node.id), nullptr);
}

TEST(TunnelHostile, one_peer_has_1024_connections_and_the_next_is_told_busy) {
  Tunnel tunnel;
  const auto hold = [](std::unique_ptr<Stream> stream) -> Task<void> {
    Bytes one(1);
    co_await stream->read_some(one);
  };
  Service service(tunnel.server, hold);
  tunnel.expose();
  Attacker attacker(tunnel);
  std::vector<std::unique_ptr<Stream>> open;
  for (std::size_t i = 0; i < TunnelExposer::kMaxConnectionsPerPeer; ++i) {
    open.push_back(attacker.say(attacker.authentic_open()));
    ASSERT_FALSE(attacker.answer_of(*open.back()).has_value()) << i;
  }
  const auto stream = attacker.say(attacker.authentic_open());
  const auto failure = attacker.answer_of(*stream);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::limit);
  EXPECT_EQ(service.open(), TunnelExposer::kMaxConnectionsPerPeer);
}

/// Opens one stream after the other, each with a proof that is wrong, and waits for no answer.
Task<void> flood(TestNode& node, PeerId server, std::uint64_t& sent) {
  const Bytes message =
      tunnel::Open{.name = "web", .proof = crypto::Sha256Digest{}, .probe = false}.encode();
  while (true) {
    net::ProtocolStream opened = co_await node.swarm.open(server, {tunnel::kProtocol});
    co_await net::write_message(*opened.stream, message);
    co_await opened.stream->close_write();
    ++sent;
  }
}

TEST(TunnelHostile, a_flood_of_wrong_proofs_is_slowed_down) {
  Tunnel tunnel;
  tunnel.expose();
  set_log_level(LogLevel::error);
  Attacker attacker(tunnel);
  TaskGroup attack(tunnel.net.world.waits(), "attack");
  std::uint64_t sent = 0;
  attack.spawn(flood(attacker.node, tunnel.server.id, sent));
  tunnel.net.world.run_for(10s);
  const std::size_t before = tunnel.count(State::refused);
  tunnel.net.world.run_for(10s);
  // The rate at which a peer may open streams for nothing.
  EXPECT_LT(tunnel.count(State::refused) - before, 300U);
  tunnel.net.world.run(attack.stop());
  set_log_level(LogLevel::warning);
  tunnel.connect();
}

/// Knows where the peer is now.
class Oracle final : public routing::Router {
 public:
  Oracle(PeerId peer, Multiaddr address) : peer_(std::move(peer)), address_(std::move(address)) {}
  std::string_view where() const override { return "by an oracle"; }
  Task<void> find_providers(Cid, routing::FoundSink) override { co_return; }
  Task<void> find_peer(PeerId peer, routing::FoundSink sink) override {
    if (peer == peer_) sink({peer, {address_}, routing::Source::lan});
    co_return;
  }

 private:
  const PeerId peer_;
  const Multiaddr address_;
};

TEST(TunnelHostile, finds_a_peer_that_is_no_more_where_the_ticket_says) {
  Tunnel tunnel;
  Service service(tunnel.server);
  tunnel.expose();
  TestNode& elsewhere = tunnel.net.add();
  TunnelTicket old = tunnel.ticket();
  old.addresses = {elsewhere.address()};
  Tunnel::Client& client = tunnel.add_client(old);
  Oracle oracle(tunnel.server.id, tunnel.server.address());
  client.routing.add(oracle);
  tunnel.net.world.run(client.connector.connect());
  EXPECT_EQ(client.connected, 1);
  client.routing.remove(oracle);
}

}  // namespace
}  // namespace shoal::service
