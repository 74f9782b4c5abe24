#include <gtest/gtest.h>

#include "protocol/kad/lookup_testing.h"
#include "protocol/kad/rpc.h"

namespace shoal::kad {
namespace {

using net::testing::failure_of;
using testing::KadNet;

Message find_node_message(const std::string& name) {
  Message out;
  out.type = MessageType::find_node;
  out.key = testing::key_bytes(name);
  return out;
}

Task<void> ask_alone(SwarmRpc& rpc, PeerId peer) {
  co_await rpc.ask(std::move(peer), {find_node_message("x")}, 10s);
}

std::optional<ErrorCode> failure(KadNet& net, Duration deadline = 10s) {
  const auto error =
      net.world.run(failure_of(net[0].rpc.ask(net[1].id, {find_node_message("x")}, deadline)));
  return error ? std::optional(error->code()) : std::nullopt;
}

TEST(KadRpc, dials_once_and_reuses_the_stream) {
  KadNet net(3);
  const Answer first = net.world.run(net[0].rpc.ask(net[1].id, {find_node_message("x")}, 10s));
  EXPECT_EQ(first.contact, Contact::dialled);
  EXPECT_EQ(first.took, 150ms);
  EXPECT_EQ(first.message.closer.size(), 2u);
  EXPECT_EQ(net[0].rpc.idle_count(), 1u);
  const Answer second = net.world.run(net[0].rpc.ask(net[1].id, {find_node_message("y")}, 10s));
  EXPECT_EQ(second.contact, Contact::connected);
  EXPECT_EQ(second.took, 50ms);
  EXPECT_EQ(net[1].swarm.best(net[0].id)->stream_count(), 1u);
}

TEST(KadRpc, opens_another_stream_when_the_kept_one_ended) {
  KadNet net(2);
  net[1].answers_per_stream = 1;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(failure(net), std::nullopt);
  EXPECT_EQ(net[1].requests, 3u);
}

TEST(KadRpc, drops_idle_streams_after_10_s) {
  KadNet net(2);
  EXPECT_EQ(failure(net), std::nullopt);
  net.world.run_for(SwarmRpc::kIdleLifetime / 2);
  EXPECT_EQ(net[0].rpc.idle_count(), 1u);
  net.world.run_for(SwarmRpc::kIdleLifetime);
  EXPECT_EQ(net[0].rpc.idle_count(), 0u);
  EXPECT_EQ(net[1].swarm.best(net[0].id)->stream_count(), 0u);
}

TEST(KadRpc, keeps_128_idle_streams_at_most) {
  KadNet net(SwarmRpc::kMaxIdleStreams + 4, 1, 1ms);
  for (std::size_t i = 1; i < net.nodes.size(); ++i) {
    net[0].knows(net[i]);
    net.world.run(ask_alone(net[0].rpc, net[i].id));
    EXPECT_LE(net[0].rpc.idle_count(), SwarmRpc::kMaxIdleStreams);
  }
  EXPECT_EQ(net[0].rpc.idle_count(), SwarmRpc::kMaxIdleStreams);
}

TEST(KadRpc, keeps_the_last_connections_that_it_alone_made) {
  KadNet net(12, 1, 1ms);
  net[0].rpc.keep_connections(3);
  net[0].knows(net[1]);
  net.world.run(ask_alone(net[0].rpc, net[1].id));
  net[0].swarm.manager().tag(net[1].id, "wanted", 1);
  for (std::size_t i = 2; i < net.nodes.size(); ++i) {
    net[0].knows(net[i]);
    net.world.run(ask_alone(net[0].rpc, net[i].id));
    net.world.run_for(1s);
    EXPECT_LE(net[0].swarm.connections().size(), 4u);
  }
  EXPECT_NE(net[0].swarm.best(net[1].id), nullptr);
  EXPECT_EQ(net[0].swarm.best(net[2].id), nullptr);
  EXPECT_NE(net[0].swarm.best(net[11].id), nullptr);
}

TEST(KadRpc, gives_up_on_a_silent_peer_at_the_deadline) {
  KadNet net(2);
  net[1].delay = -1s;
  const TimePoint begin = net.world.now();
  EXPECT_EQ(failure(net, 2s), ErrorCode::timeout);
  EXPECT_EQ(net.world.now() - begin, 2s);
  EXPECT_EQ(net[0].rpc.idle_count(), 0u);
}

TEST(KadRpc, can_be_cancelled) {
  KadNet net(2);
  net[1].delay = -1s;
  TaskGroup group(net.world.waits(), "test");
  group.spawn(ask_alone(net[0].rpc, net[1].id));
  net.world.run_for(1s);
  net.world.run(group.stop());
  EXPECT_EQ(net[0].rpc.idle_count(), 0u);
}

// E6: an answer to something else than was asked.
TEST(KadRpc, refuses_answers_of_another_kind_or_key) {
  KadNet net(2);
  net[1].twist = [](Message& answer) { answer.type = MessageType::get_value; };
  EXPECT_EQ(failure(net), ErrorCode::malformed);
  net[1].twist = [](Message& answer) {
    answer.record = Record{.key = to_bytes("other"), .value = to_bytes("v"), .time_received = {}};
  };
  EXPECT_EQ(failure(net), ErrorCode::malformed);
}

// B1: a length that is only claimed.
TEST(KadRpc, refuses_a_message_beyond_64_kib) {
  KadNet net(2);
  net[1].swarm.protocols().add(kPublicProtocol, [](net::ProtocolStream stream) -> Task<void> {
    const Bytes huge(Message::kMaxBytes + 1);
    co_await net::write_message(*stream.stream, huge);
    Bytes rest = co_await net::testing::read_to_end(*stream.stream);
  });
  EXPECT_EQ(failure(net), ErrorCode::limit);
}

TEST(KadRpc, learns_no_address_that_it_would_not_dial) {
  KadNet net(2);
  const PeerId stranger = PeerId::decode(testing::key_bytes("stranger"));
  net[0].rpc.learn({.id = stranger,
                    .addresses = {Multiaddr::parse("/ip4/10.0.0.1/tcp/1"),
                                  Multiaddr::parse("/ip4/8.8.8.8/tcp/1"),
                                  Multiaddr::parse("/ip4/127.0.0.1/tcp/5001")}});
  net[0].rpc.learn({.id = net[0].id, .addresses = {Multiaddr::parse("/ip4/8.8.8.8/tcp/1")}});
  EXPECT_EQ(net[0].swarm.peers().addresses(stranger),
            std::vector{Multiaddr::parse("/ip4/8.8.8.8/tcp/1")});
  EXPECT_TRUE(net[0].swarm.peers().addresses(net[0].id).empty());
  net.world.run_for(SwarmRpc::kAddressLifetime);
  EXPECT_TRUE(net[0].swarm.peers().addresses(stranger).empty());
}

}  // namespace
}  // namespace shoal::kad
