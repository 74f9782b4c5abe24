#include "net/transport/websocket/websocket.h"

#include <gtest/gtest.h>

#include "net/swarm_testing.h"
#include "net/transport/websocket/handshake.h"
#include "net/transport/websocket/websocket_stream.h"
#include "system/task_group.h"

namespace shoal::net {
namespace {

using testing::echo;
using testing::failure_of;
using testing::kEcho;
using testing::pattern_bytes;
using testing::read_to_end;
using testing::TestNet;
using testing::TestNode;

constexpr std::uint16_t kPort = 8080;

Multiaddr web_address(const TestNode& node) {
  return Multiaddr::tcp({node.host.address(), kPort}).encapsulate(Multiaddr::parse("/ws"));
}

class WebSocket : public ::testing::Test {
 protected:
  WebSocket() {
    for (TestNode* node : {&a, &b})
      node->swarm.add_transport(make_websocket_transport(node->system, node->upgrader));
    b.swarm.listen(web_address(b));
    b.swarm.protocols().add(kEcho, echo);
    a.knows(b.id, web_address(b));
  }

  std::unique_ptr<Stream> raw() {
    return net.world.run(a.system.network.connect({b.host.address(), kPort}));
  }

  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
};

Task<Bytes> write_and_read(Swarm& swarm, PeerId peer, Bytes sent, Waits& waits) {
  ProtocolStream opened = co_await swarm.open(std::move(peer), {kEcho});
  TaskGroup group(waits, "writer");
  struct Writer {
    static Task<void> run(Stream& stream, const Bytes& bytes) {
      co_await write_all(stream, bytes);
      co_await stream.close_write();
    }
  };
  group.spawn(Writer::run(*opened.stream, sent));
  Bytes back = co_await read_to_end(*opened.stream);
  co_await group.stop();
  co_return back;
}

TEST_F(WebSocket, carries_a_connection) {
  const Bytes sent = pattern_bytes(3'000'000);
  EXPECT_TRUE(net.world.run(write_and_read(a.swarm, b.id, sent, a.system.waits)) == sent);
  EXPECT_EQ(a.swarm.best(b.id)->remote(), web_address(b));
  EXPECT_EQ(b.swarm.best(a.id)->remote().to_string().substr(0, 5), "/ip4/");
  EXPECT_TRUE(b.swarm.best(a.id)->remote().has(AddressCode::ws));
}

TEST_F(WebSocket, is_announced_by_who_listens) {
  const auto announced = b.swarm.listen_addresses();
  EXPECT_NE(std::ranges::find(announced, web_address(b)), announced.end());
}

TEST_F(WebSocket, takes_its_own_addresses_alone) {
  const auto transport = make_websocket_transport(a.system, a.upgrader);
  EXPECT_TRUE(transport->handles(Multiaddr::parse("/ip6/::1/tcp/80/ws")));
  for (const char* other : {"/ip4/192.0.2.1/tcp/80", "/ip4/192.0.2.1/tcp/80/tls",
                            "/ip4/192.0.2.1/udp/80/quic-v1", "/ws", "/dns4/a.example/tcp/80/ws"}) {
    EXPECT_FALSE(transport->handles(Multiaddr::parse(other))) << other;
  }
}

Task<void> say_to(Stream& stream, std::string text) {
  co_await write_all(stream, as_bytes(text));
}

TEST_F(WebSocket, whoever_says_something_else_is_let_go) {
  for (const std::string& text : {std::string("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
                                  std::string(websocket::kMaxHeaderBytes + 1, 'a')}) {
    const auto stream = raw();
    net.world.run(say_to(*stream, text));
    EXPECT_TRUE(net.world.run(failure_of(read_to_end(*stream))).has_value());
  }
  EXPECT_EQ(b.swarm.connections().all().size(), 0U);
}

TEST_F(WebSocket, a_listener_of_another_kind_is_told_at_once) {
  const Multiaddr wrong = b.address().encapsulate(Multiaddr::parse("/ws"));
  const auto transport = make_websocket_transport(a.system, a.upgrader);
  const TimePoint before = net.world.clock().now();
  const auto failure = net.world.run(failure_of(transport->dial(wrong, b.id, DialAs{})));
  ASSERT_TRUE(failure.has_value());
  EXPECT_LT(net.world.clock().now() - before, 1s);
}

/// Two ends of one, without a swarm.
class WebSocketPair : public ::testing::Test {
 protected:
  WebSocketPair() {
    const auto listener = other.system().network.listen({.address = other.address(), .port = 80});
    auto dialled = world.run(host.system().network.connect(listener->local()));
    auto accepted = world.run(listener->accept());
    client = std::make_unique<websocket::WebSocketStream>(host.system().waits, std::move(dialled),
                                                          Direction::outbound, 7);
    server_raw = std::move(accepted);
  }
  void make_server() {
    server = std::make_unique<websocket::WebSocketStream>(
        other.system().waits, std::move(server_raw), Direction::inbound, 0);
  }

  sim::World world;
  sim::Host& host = world.add_host();
  sim::Host& other = world.add_host();
  std::unique_ptr<Stream> client;
  std::unique_ptr<Stream> server_raw;
  std::unique_ptr<Stream> server;
};

TEST_F(WebSocketPair, a_close_frame_ends_one_direction) {
  make_server();
  world.run(client->close_write());
  EXPECT_TRUE(world.run(read_to_end(*server)).empty());
  world.run(say_to(*server, "still here"));
  world.run(server->close_write());
  EXPECT_EQ(as_text(world.run(read_to_end(*client))), "still here");
}

TEST_F(WebSocketPair, answers_a_ping_between_parts_of_a_message) {
  const Bytes part = {0x02, 1, 'a'};  // binary, goes on
  const Bytes ping = {0x89, 2, 'h', 'i'};
  const Bytes rest = {0x80, 1, 'b', 0x88, 0};
  for (const Bytes& bytes : {part, ping, rest}) world.run(write_all(*server_raw, bytes));
  EXPECT_EQ(as_text(world.run(read_to_end(*client))), "ab");
  Bytes pong(8);
  world.run(read_exactly(*server_raw, pong));
  EXPECT_EQ(pong[0], 0x8a);
  EXPECT_EQ(pong[1], 0x82);
  EXPECT_EQ(static_cast<char>(pong[6] ^ pong[2]), 'h');
}

TEST_F(WebSocketPair, ends_at_the_33rd_frame_in_a_row_that_brings_nothing) {
  const auto send = [this](std::size_t frames) {
    for (std::size_t i = 0; i < frames; ++i)
      world.run(write_all(*server_raw, i % 2 == 0 ? Bytes{0x82, 0} : Bytes{0x89, 0}));
  };
  Bytes one(1);
  send(websocket::WebSocketStream::kMaxEmptyFrames);
  world.run(write_all(*server_raw, Bytes{0x82, 1, 'a'}));
  EXPECT_EQ(world.run(client->read_some(one)), 1U);
  send(websocket::WebSocketStream::kMaxEmptyFrames + 1);
  const auto failure = world.run(failure_of(client->read_some(one)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::limit);
}

TEST_F(WebSocketPair, refuses_frames_masked_by_the_wrong_side) {
  const Bytes masked = {0x82, 0x81, 0, 0, 0, 0, 'a'};
  world.run(write_all(*server_raw, masked));
  const auto failure = world.run(failure_of(read_to_end(*client)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::malformed);
}

}  // namespace
}  // namespace shoal::net
