#include "net/transport/quic/quic.h"

#include <gtest/gtest.h>

#include "net/swarm_testing.h"
#include "net/transport/quic/packet_socket.h"
#include "net/transport/quic/quic_address.h"
#include "net/transport/quic/session.h"
#include "system/timeout.h"

namespace shoal::net {
namespace {

using testing::echo;
using testing::failure_of;
using testing::kEcho;
using testing::pattern_bytes;
using testing::TestNet;
using testing::TestNode;
using testing::TestNodeOptions;

/// Nodes that listen on TCP and on QUIC at the same port.
class QuicNodes : public ::testing::Test {
 protected:
  TestNode& add(TestNodeOptions options = {}, sim::HostOptions host = {}) {
    TestNode& node = net.add(std::move(options), std::move(host));
    node.swarm.add_transport(make_quic_transport(node.system, node.upgrader));
    node.swarm.listen(quic::quic_address({IpAddress::any_v4(), TestNode::kPort}));
    node.swarm.protocols().add(kEcho, echo);
    return node;
  }

  static Multiaddr address_of(const TestNode& node) {
    return quic::quic_address({node.host.address(), TestNode::kPort});
  }

  ConnectionId dial(TestNode& from, TestNode& to) {
    from.knows(to.id, address_of(to));
    return net.world.run(from.swarm.connect(to.id));
  }

  TestNet net;
};

Task<void> send_and_finish(Stream& stream, Bytes bytes) {
  co_await write_all(stream, bytes);
  co_await stream.close_write();
}

Task<Bytes> echoed(Swarm& swarm, PeerId peer, Bytes sent, TaskGroup& tasks) {
  const ProtocolStream stream = co_await swarm.open(std::move(peer), {kEcho});
  tasks.spawn(send_and_finish(*stream.stream, std::move(sent)));
  Bytes got = co_await testing::read_to_end(*stream.stream);
  co_await tasks.join();
  co_return got;
}

TEST_F(QuicNodes, connect_and_open_streams_by_protocol) {
  TestNode& a = add();
  TestNode& b = add();
  const ConnectionId id = dial(a, b);
  const Connection* connection = a.swarm.find(id);
  ASSERT_NE(connection, nullptr);
  EXPECT_EQ(connection->muxer_protocol(), "quic");
  EXPECT_EQ(connection->security(), "/tls/1.0.0");
  EXPECT_EQ(connection->remote(), address_of(b));
  net.world.run_for(1s);
  const Connection* there = b.swarm.best(a.id);
  ASSERT_NE(there, nullptr);
  // It was dialled from the port that is listened on.
  EXPECT_EQ(there->remote(), address_of(a));
  EXPECT_EQ(there->local(), address_of(b));
  TaskGroup tasks(net.world.waits(), "echo");
  const Bytes sent = pattern_bytes(1'000'000);
  EXPECT_EQ(net.world.run(echoed(a.swarm, b.id, sent, tasks)), sent);
  EXPECT_EQ(net.world.run(echoed(b.swarm, a.id, sent, tasks)), sent);
}

TEST_F(QuicNodes, tell_when_another_peer_answers) {
  TestNode& a = add();
  TestNode& b = add();
  TestNode& c = add();
  a.knows(c.id, address_of(b));
  const auto failure = net.world.run(failure_of(a.swarm.connect(c.id)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_NE(std::string(failure->what()).find("another peer answered"), std::string::npos);
  EXPECT_EQ(b.swarm.best(a.id), nullptr);
}

TEST_F(QuicNodes, give_up_soon_where_nobody_answers) {
  TestNode& a = add();
  TestNode& b = add();
  b.stop();
  a.knows(b.id, address_of(b));
  const TimePoint begun = net.world.now();
  const auto failure = net.world.run(failure_of(a.swarm.connect(b.id)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::unreachable);
  EXPECT_LE(net.world.now() - begun, 5s);
}

TEST_F(QuicNodes, that_end_tell_the_other_side) {
  TestNode& a = add();
  TestNode& b = add();
  dial(a, b);
  net.world.run_for(1s);
  a.stop();
  net.world.run_for(1s);
  EXPECT_EQ(b.swarm.best(a.id), nullptr);
}

TEST_F(QuicNodes, keep_a_connection_while_the_address_changes) {
  TestNode& a = add();
  TestNode& b = add();
  dial(a, b);
  net.world.run_for(1s);
  a.host.set_addresses({IpAddress::v4({198, 51, 100, 77})});
  TaskGroup tasks(net.world.waits(), "echo");
  const Bytes sent = pattern_bytes(300'000);
  const TimePoint begun = net.world.now();
  EXPECT_EQ(net.world.run(echoed(a.swarm, b.id, sent, tasks)), sent);
  EXPECT_LE(net.world.now() - begun, 2s);
}

TEST_F(QuicNodes, obey_the_limit_on_what_is_sent) {
  TestNode& a = add({.up = 1'000'000});
  TestNode& b = add();
  dial(a, b);
  TaskGroup tasks(net.world.waits(), "echo");
  const Bytes sent = pattern_bytes(3'000'000);
  const TimePoint begun = net.world.now();
  EXPECT_EQ(net.world.run(echoed(a.swarm, b.id, sent, tasks)), sent);
  EXPECT_GE(net.world.now() - begun, 2500ms);
}

TEST_F(QuicNodes, obey_the_limit_on_what_is_received) {
  TestNode& a = add();
  TestNode& b = add({.down = 1'000'000});
  dial(a, b);
  TaskGroup tasks(net.world.waits(), "echo");
  const Bytes sent = pattern_bytes(3'000'000);
  const TimePoint begun = net.world.now();
  EXPECT_EQ(net.world.run(echoed(a.swarm, b.id, sent, tasks)), sent);
  EXPECT_GE(net.world.now() - begun, 2500ms);
}

TEST_F(QuicNodes, take_no_more_connections_than_they_may) {
  ConnectionLimits limits;
  limits.inbound_connections = 2;
  TestNode& b = add({.limits = limits});
  std::vector<TestNode*> others;
  for (int i = 0; i < 4; ++i) {
    others.push_back(&add());
    others.back()->knows(b.id, address_of(b));
    net.world.run(failure_of(others.back()->swarm.connect(b.id)));
    net.world.run_for(1s);
  }
  EXPECT_LE(b.swarm.connections().size(), 2U);
}

/// Somebody with a bare socket.
class QuicStranger : public QuicNodes {
 protected:
  static Task<void> collect(DatagramSocket& socket, std::size_t& bytes) {
    Bytes datagram(2048);
    while (true) {
      const auto got = co_await socket.receive(datagram);
      bytes += got.bytes;
    }
  }

  /// How many bytes come back for those that were sent.
  std::size_t answered(const std::vector<Bytes>& datagrams) {
    std::size_t back = 0;
    TaskGroup tasks(net.world.waits(), "stranger");
    tasks.spawn(collect(*socket, back));
    for (const Bytes& datagram : datagrams)
      socket->send({.address = target.host.address(), .port = TestNode::kPort}, datagram);
    net.world.run_for(2s);
    net.world.run(tasks.stop());
    return back;
  }

  /// A long header with its version and two connection ids, then `filling`.
  static Bytes first_packet(std::uint32_t version, std::size_t size, std::uint8_t filling) {
    Bytes out(size, filling);
    out[0] = 0xc3;
    for (std::size_t i = 0; i < 4; ++i)
      out[1 + i] = static_cast<std::uint8_t>(version >> 8 * (3 - i));
    out[5] = 8;
    out[14] = 8;
    out[23] = 0;  // no token
    return out;
  }

  TestNode& target = add();
  TestNode& honest = add();
  sim::Host& host = net.world.add_host();
  std::unique_ptr<DatagramSocket> socket = host.system().network.bind({.address = host.address()});
};

TEST_F(QuicStranger, gets_nothing_for_noise) {
  std::vector<Bytes> noise;
  std::size_t sent = 0;
  for (std::size_t i = 0; i < 2000; ++i) {
    noise.push_back(pattern_bytes(1 + i % 1350, i));
    sent += noise.back().size();
  }
  EXPECT_LE(answered(noise), sent);
  EXPECT_EQ(target.swarm.connections().size(), 0U);
  dial(honest, target);
}

/// RFC 9000, sections 6.1 and 14.1.
TEST_F(QuicStranger, gets_no_more_than_it_sends_for_an_unknown_version) {
  const std::vector<Bytes> packets(100, first_packet(0x1a2a3a4a, 1200, 7));
  const std::size_t back = answered(packets);
  EXPECT_GT(back, 0U);
  EXPECT_LT(back, 100U * 100U);
  EXPECT_EQ(answered({first_packet(0x1a2a3a4a, 600, 7)}), 0U);
}

TEST_F(QuicStranger, floods_with_first_packets_that_prove_nothing) {
  std::vector<Bytes> packets;
  for (std::size_t i = 0; i < 3000; ++i) {
    packets.push_back(first_packet(1, 1200, 0));
    for (std::size_t at = 0; at < 8; ++at) {
      packets.back()[6 + at] = static_cast<std::uint8_t>(i >> 8 * (at % 2));
      packets.back()[15 + at] = static_cast<std::uint8_t>(i >> 8 * (at % 2));
    }
  }
  EXPECT_LE(answered(packets), 3 * 3000U * 1200U);
  EXPECT_EQ(target.swarm.connections().size(), 0U);
  dial(honest, target);
}

}  // namespace
}  // namespace shoal::net
