#include <gtest/gtest.h>

#include <utility>

#include "base/error.h"
#include "base/varint.h"
#include "protocol/gossipsub/gossipsub_sim_testing.h"
#include "system/timeout.h"

namespace shoal::gossipsub {
namespace {

using net::testing::failure_of;
using testing::GossipNet;
using testing::GossipNode;

constexpr const char* kWanted = "wanted";

Task<void> swallow(net::ProtocolStream stream) {
  Bytes buffer(64 * 1024);
  while (co_await stream.stream->read_some(buffer) > 0) {
  }
}

Task<void> reset(net::ProtocolStream stream) {
  stream.stream->abort();
  co_return;
}

/// A node, and a peer of it that speaks the protocol by hand.
class GossipsubHostile : public ::testing::TestWithParam<const char*> {
 protected:
  GossipsubHostile() : node(net.add()), attacker(net.net.add()) {
    attacker.swarm.protocols().add(GetParam(), swallow);
    node.subscribe(kWanted);
    attacker.connect(node.net);
    net.run_for(1s);
  }

  std::unique_ptr<Stream> open() {
    net::ProtocolStream opened =
        net.net.world.run(attacker.swarm.open(node.net.id, {std::string(GetParam())}));
    return std::move(opened.stream);
  }
  /// Whether the node took it.
  bool send(Stream& stream, ByteView rpc) {
    return !net.net.world.run(failure_of(net::write_message(stream, rpc)));
  }
  void subscribe(Stream& stream) {
    Rpc rpc;
    rpc.subscriptions.push_back({true, kWanted});
    send(stream, encode_rpc(rpc).at(0));
    net.run_for(1s);
  }
  /// Whether the node ended the stream. Must not be asked of one that it writes to.
  bool is_ended(Stream& stream) {
    Bytes byte(1);
    const auto failure = net.net.world.run(failure_of(
        within(attacker.system.clock, 1s, stream.read_some(byte), "the end of a stream")));
    return !failure || failure->code() != ErrorCode::timeout;
  }

  GossipNet net;
  GossipNode& node;
  net::testing::TestNode& attacker;
};

TEST_P(GossipsubHostile, a_malformed_rpc_ends_the_stream) {
  const auto stream = open();
  subscribe(*stream);
  send(*stream, from_hex("0a05"));
  EXPECT_TRUE(is_ended(*stream));
  EXPECT_NE(attacker.swarm.best(node.net.id), nullptr);
}

TEST_P(GossipsubHostile, an_rpc_over_the_limit_ends_the_stream_unread) {
  const auto stream = open();
  subscribe(*stream);
  Bytes length;
  append_varint(length, kMaxRpcBytes + 1);
  net.net.world.run(write_all(*stream, length));
  EXPECT_TRUE(is_ended(*stream));
}

TEST_P(GossipsubHostile, an_rpc_at_the_limit_is_read) {
  const auto stream = open();
  subscribe(*stream);
  // One field that nobody knows, as large as it takes.
  Bytes rpc = from_hex("7a");
  append_varint(rpc, kMaxRpcBytes - 4);
  rpc.resize(kMaxRpcBytes);
  EXPECT_TRUE(send(*stream, rpc));
  EXPECT_FALSE(is_ended(*stream));
}

TEST_P(GossipsubHostile, of_two_streams_the_newer_is_read) {
  const auto first = open();
  subscribe(*first);
  const auto second = open();
  subscribe(*second);
  EXPECT_TRUE(is_ended(*first));
  EXPECT_FALSE(is_ended(*second));
}

TEST_P(GossipsubHostile, a_stream_flood_leaves_one) {
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < 50; ++i) {
    streams.push_back(open());
    send(*streams.back(), {});
  }
  net.run_for(1s);
  std::size_t open_ones = 0;
  for (const auto& stream : streams) open_ones += is_ended(*stream) ? 0 : 1;
  EXPECT_EQ(open_ones, 1U);
}

TEST_P(GossipsubHostile, a_peer_that_refuses_our_stream_is_tried_four_times) {
  int opened = 0;
  attacker.swarm.protocols().add(GetParam(), [&opened](net::ProtocolStream stream) {
    ++opened;
    return reset(std::move(stream));
  });
  for (int i = 0; i < 20; ++i) {
    const auto stream = open();
    send(*stream, {});
    net.run_for(5s);
    // A message for it shows that nobody reads.
    node.publish(kWanted, "message " + std::to_string(i));
    net.run_for(5s);
  }
  EXPECT_GE(opened, 1);
  EXPECT_LE(opened, static_cast<int>(Gossipsub::kMaxStreamAttempts));
}

INSTANTIATE_TEST_SUITE_P(OnEachProtocol, GossipsubHostile,
                         ::testing::Values(kFloodsub, kMeshsub11, kMeshsub12, kMeshsub13));

Task<void> read_nothing(System& system, net::ProtocolStream stream) {
  co_await system.clock.sleep_for(1h);
  stream.stream->abort();
}

TEST(GossipsubSlowPeer, loses_messages_and_is_given_up) {
  GossipNet net;
  GossipNode& node = net.add();
  net::testing::TestNode& slow = net.net.add();
  node.subscribe(kWanted);
  System& system = slow.system;
  slow.swarm.protocols().add(kMeshsub12, [&system](net::ProtocolStream stream) {
    return read_nothing(system, std::move(stream));
  });
  slow.connect(node.net);
  net::ProtocolStream stream = net.net.world.run(slow.swarm.open(node.net.id, {kMeshsub12}));
  Rpc rpc;
  rpc.subscriptions.push_back({true, kWanted});
  net.net.world.run(net::write_message(*stream.stream, encode_rpc(rpc).at(0)));
  net.run_for(2s);
  ASSERT_TRUE(node.pubsub.router().knows(slow.id));
  for (int i = 0; i < 60; ++i) {
    node.publish(kWanted, std::string(200'000, static_cast<char>('a' + i % 26)));
  }
  EXPECT_GT(node.pubsub.counts().dropped_messages, 0U);
  const TimePoint begin = net.net.world.now();
  net.net.world.run_while_not([&] { return !node.pubsub.router().knows(slow.id); });
  EXPECT_LE(net.net.world.now() - begin, Gossipsub::kWriteTimeout + 1s);
}

}  // namespace
}  // namespace shoal::gossipsub
