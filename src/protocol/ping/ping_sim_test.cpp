#include "protocol/ping/ping.h"

#include <gtest/gtest.h>

#include "net/swarm_testing.h"
#include "net/transport/quic/quic.h"
#include "net/transport/quic/quic_address.h"

namespace shoal::ping {
namespace {

using net::testing::failure_of;
using net::testing::TestNet;
using net::testing::TestNode;

TEST(Ping, measures_the_round_trip) {
  TestNet net(25ms);
  TestNode& a = net.add();
  TestNode& b = net.add();
  serve(b.system, b.swarm);
  a.knows(b);
  Pinger pinger(a.system, a.swarm);
  net.world.run(pinger.open(b.id));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(net.world.run(pinger.ping(1s)), 50ms);
}

TEST(Ping, connect_and_one_byte_each_way_cost_three_round_trips) {
  TestNet net(50ms);
  TestNode& a = net.add();
  TestNode& b = net.add();
  serve(b.system, b.swarm);
  a.knows(b);
  Pinger pinger(a.system, a.swarm);
  const TimePoint begin = net.world.now();
  net.world.run(pinger.open(b.id));
  net.world.run(pinger.ping(1s));
  EXPECT_EQ(net.world.now() - begin, 300ms);
}

TEST(Ping, by_quic_the_same_costs_two_round_trips) {
  TestNet net(50ms);
  TestNode& a = net.add();
  TestNode& b = net.add();
  for (TestNode* node : {&a, &b}) {
    node->swarm.add_transport(net::make_quic_transport(node->system, node->upgrader));
  }
  b.swarm.listen(quic::quic_address({IpAddress::any_v4(), TestNode::kPort}));
  serve(b.system, b.swarm);
  a.knows(b.id, quic::quic_address({b.host.address(), TestNode::kPort}));
  Pinger pinger(a.system, a.swarm);
  const TimePoint begin = net.world.now();
  net.world.run(pinger.open(b.id));
  net.world.run(pinger.ping(1s));
  EXPECT_LE(net.world.now() - begin, 205ms);
}

Task<void> say_nothing(net::ProtocolStream stream) {
  Bytes buffer(100);
  while (co_await stream.stream->read_some(buffer) > 0) {
  }
}

Task<void> answer_wrongly(net::ProtocolStream stream) {
  Bytes buffer(kPayloadBytes);
  co_await read_exactly(*stream.stream, buffer);
  buffer[0] ^= 1;
  co_await write_all(*stream.stream, buffer);
}

TEST(Ping, gives_up_in_time_on_a_peer_that_does_not_answer) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  b.swarm.protocols().add(kProtocol, say_nothing);
  a.knows(b);
  Pinger pinger(a.system, a.swarm);
  net.world.run(pinger.open(b.id));
  const TimePoint begin = net.world.now();
  const auto failure = net.world.run(failure_of(pinger.ping(3s)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::timeout);
  EXPECT_EQ(net.world.now() - begin, 3s);
}

TEST(Ping, notices_wrong_bytes) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  b.swarm.protocols().add(kProtocol, answer_wrongly);
  a.knows(b);
  Pinger pinger(a.system, a.swarm);
  net.world.run(pinger.open(b.id));
  const auto failure = net.world.run(failure_of(pinger.ping(3s)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::corrupt);
}

TEST(Ping, a_peer_that_does_not_speak_it_says_so) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  a.knows(b);
  Pinger pinger(a.system, a.swarm);
  net.world.run(pinger.open(b.id));
  const auto failure = net.world.run(failure_of(pinger.ping(3s)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::unsupported);
}

TEST(Ping, ends_a_stream_that_is_silent_for_a_minute) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  serve(b.system, b.swarm);
  a.knows(b);
  Pinger pinger(a.system, a.swarm);
  net.world.run(pinger.open(b.id));
  net.world.run(pinger.ping(1s));
  net.world.run_for(59s);
  EXPECT_EQ(b.swarm.best(a.id)->stream_count(), 1U);
  net.world.run_for(2s);
  EXPECT_EQ(b.swarm.best(a.id)->stream_count(), 0U);
}

}  // namespace
}  // namespace shoal::ping
