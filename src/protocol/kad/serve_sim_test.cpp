#include "protocol/kad/serve.h"

#include <gtest/gtest.h>

#include "net/framing.h"
#include "net/swarm_testing.h"
#include "protocol/kad/kad_testing.h"

namespace shoal::kad {
namespace {

using net::testing::failure_of;
using net::testing::TestNet;
using net::testing::TestNode;
using testing::content_of;

/// A node that serves a DHT in a LAN.
struct Serving {
  explicit Serving(TestNode& its_node)
      : node(its_node),
        table(Key::of(node.id), {.exempt_local = true}),
        server(
            node.id, {table, providers, values},
            [this](const PeerId& id) { return node.swarm.peers().addresses(id); },
            node.system.random, Server::Scope::lan) {
    serve(node.system, node.swarm, server, kLanProtocol);
  }
  ~Serving() { node.stop(); }

  TestNode& node;
  Validators validators;
  RoutingTable table;
  ProviderStore providers{{.exempt_local = true}};
  ValueStore values{validators};
  Server server;
};

/// One that asks it.
struct Asking {
  Asking() : node(net.add()), serving(net.add()) { node.connect(serving.node); }

  net::ProtocolStream open() {
    return net.world.run(node.swarm.open(serving.node.id, {kLanProtocol}));
  }
  void send(net::ProtocolStream& stream, ByteView bytes) {
    net.world.run(net::write_message(*stream.stream, bytes));
  }
  std::optional<Message> receive(net::ProtocolStream& stream) {
    const auto bytes = net.world.run(net::read_message(*stream.stream, Message::kMaxBytes));
    if (!bytes) return std::nullopt;
    return Message::decode(*bytes);
  }
  std::optional<Message> ask(net::ProtocolStream& stream, const Message& request) {
    send(stream, request.encode());
    return receive(stream);
  }
  /// How the other side ended the stream: by an error, or in order.
  std::optional<Error> end_of(net::ProtocolStream& stream) {
    return net.world.run(failure_of(net::testing::read_to_end(*stream.stream)));
  }

  TestNet net;
  TestNode& node;
  Serving serving;
};

Message lan_request(MessageType type, ByteView key) {
  Message out;
  out.type = type;
  out.key = to_bytes(key);
  return out;
}

TEST(KadServe, answers_many_requests_on_one_stream) {
  Asking peers;
  net::ProtocolStream stream = peers.open();
  const Multihash content = content_of(1);
  Message announcement = lan_request(MessageType::add_provider, content.encoded());
  announcement.providers = {{peers.node.id, {peers.node.address()}, 0}};
  peers.send(stream, announcement.encode());
  const auto providers =
      peers.ask(stream, lan_request(MessageType::get_providers, content.encoded()));
  ASSERT_TRUE(providers);
  EXPECT_EQ(providers->providers, announcement.providers);
  for (int i = 0; i < 50; ++i) {
    const auto pong = peers.ask(stream, lan_request(MessageType::ping, {}));
    ASSERT_TRUE(pong);
    EXPECT_EQ(pong->type, MessageType::ping);
  }
}

TEST(KadServe, answers_requests_that_came_before_the_end_of_the_stream) {
  Asking peers;
  net::ProtocolStream stream = peers.open();
  peers.send(stream, lan_request(MessageType::ping, {}).encode());
  peers.net.world.run(stream.stream->close_write());
  EXPECT_TRUE(peers.receive(stream));
  EXPECT_EQ(peers.receive(stream), std::nullopt);
}

TEST(KadServe, resets_a_stream_that_breaks_the_protocol) {
  Asking peers;
  net::ProtocolStream stream = peers.open();
  peers.send(stream, from_hex("ffff"));
  EXPECT_TRUE(peers.end_of(stream));
  net::ProtocolStream another = peers.open();
  EXPECT_TRUE(peers.ask(another, lan_request(MessageType::ping, {})));
}

// B1
TEST(KadServe, takes_requests_of_64_KiB_and_no_more) {
  Asking peers;
  net::ProtocolStream stream = peers.open();
  Bytes request = lan_request(MessageType::ping, {}).encode();
  // An unknown field 100 fills it.
  append(request, from_hex("a206fcff03"));
  request.resize(Message::kMaxBytes);
  const std::size_t filled = request.size() - 2 - 5;
  request[4] = static_cast<std::uint8_t>(0x80 | (filled & 0x7f));
  request[5] = static_cast<std::uint8_t>(0x80 | (filled >> 7 & 0x7f));
  request[6] = static_cast<std::uint8_t>(filled >> 14);
  peers.send(stream, request);
  EXPECT_TRUE(peers.receive(stream));
  request.push_back(0);
  peers.send(stream, request);
  EXPECT_TRUE(peers.end_of(stream));
}

TEST(KadServe, ends_a_stream_that_is_idle_for_a_minute) {
  Asking peers;
  net::ProtocolStream stream = peers.open();
  peers.ask(stream, lan_request(MessageType::ping, {}));
  peers.net.world.run_for(kIdleTimeout - 1s);
  EXPECT_TRUE(peers.ask(stream, lan_request(MessageType::ping, {})));
  const TimePoint before = peers.node.system.clock.now();
  EXPECT_TRUE(peers.end_of(stream));
  EXPECT_LT(peers.node.system.clock.now() - before, kIdleTimeout + 1s);
}

TEST(KadServe, serves_32_streams_of_a_peer_at_once) {
  Asking peers;
  std::vector<net::ProtocolStream> streams;
  const Message ping = lan_request(MessageType::ping, {});
  for (std::size_t i = 0; i < kMaxStreamsPerPeer; ++i) {
    streams.push_back(peers.open());
    EXPECT_TRUE(peers.ask(streams.back(), ping));
  }
  net::ProtocolStream surplus = peers.open();
  peers.send(surplus, ping.encode());
  EXPECT_TRUE(peers.end_of(surplus));
  streams.pop_back();
  peers.net.world.run_for(1s);
  net::ProtocolStream next = peers.open();
  EXPECT_TRUE(peers.ask(next, ping));
}

TEST(KadServe, a_flood_waits_and_other_peers_are_served) {
  Asking peers;
  TestNode& other = peers.net.add();
  other.connect(peers.serving.node);
  net::ProtocolStream flood = peers.open();
  const Message ping = lan_request(MessageType::ping, {});
  const auto requests = static_cast<int>(RequestLimiter::kBurst + 2 * RequestLimiter::kPerSecond);
  const TimePoint before = peers.node.system.clock.now();
  for (int i = 0; i < requests; ++i) peers.send(flood, ping.encode());
  net::ProtocolStream stream =
      peers.net.world.run(other.swarm.open(peers.serving.node.id, {kLanProtocol}));
  EXPECT_TRUE(peers.ask(stream, ping));
  EXPECT_LT(peers.node.system.clock.now() - before, 1s);
  for (int i = 0; i < requests; ++i) ASSERT_TRUE(peers.receive(flood));
  EXPECT_GE(peers.node.system.clock.now() - before, 1900ms);
}

}  // namespace
}  // namespace shoal::kad
