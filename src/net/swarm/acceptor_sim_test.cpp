#include "net/swarm/acceptor.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "net/swarm/swarm_sim_testing.h"

namespace shoal::net {
namespace {

using testing::dial_into;
using testing::failure_of;
using testing::TestNet;
using testing::TestNode;

Task<void> connect_and_say_nothing(System& system, Endpoint to,
                                   std::vector<std::unique_ptr<HostStream>>& into) {
  auto stream = co_await system.network.connect(to);
  into.push_back(std::move(stream));
}

/// How many of those who only connect are still held by the other side.
std::size_t silent_held(TestNet& net, const TestNode& hub, std::vector<sim::Host*> from,
                        std::size_t each) {
  std::vector<std::unique_ptr<HostStream>> streams;
  TaskGroup dials(net.world.waits(), "dials");
  const Endpoint to{hub.host.address(), TestNode::kPort};
  for (sim::Host* host : from) {
    for (std::size_t i = 0; i < each; ++i) {
      dials.spawn(connect_and_say_nothing(host->system(), to, streams));
    }
  }
  net.world.run(dials.join());
  net.world.run_for(1s);
  return hub.host.stream_count();
}

TEST(Acceptor, bounds_handshakes_of_one_address) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.handshakes_per_address = 5}});
  EXPECT_EQ(silent_held(net, hub, {&net.world.add_host()}, 9), 5U);
}

TEST(Acceptor, counts_handshakes_by_the_network_of_an_ipv6_address) {
  const auto host = [](const char* text) {
    return sim::HostOptions{.addresses = {*IpAddress::parse(text)}};
  };
  TestNet net;
  TestNode& hub = net.add({.limits = {.handshakes_per_address = 5}}, host("2001:db8::1"));
  hub.swarm.listen(Multiaddr::tcp({IpAddress::any_v6(), TestNode::kPort}));
  sim::Host& one = net.world.add_host(host("2001:db8:1::1"));
  sim::Host& beside = net.world.add_host(host("2001:db8:1::2"));
  sim::Host& elsewhere = net.world.add_host(host("2001:db8:1:1::1"));
  EXPECT_EQ(silent_held(net, hub, {&one, &beside}, 4), 5U);
  net.world.run_for(1s);
  EXPECT_EQ(silent_held(net, hub, {&one, &elsewhere}, 4), 8U);
}

TEST(Acceptor, bounds_handshakes_in_all) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.handshakes = 7}});
  EXPECT_EQ(silent_held(net, hub, {&net.world.add_host(), &net.world.add_host()}, 5), 7U);
}

TEST(Acceptor, ends_handshakes_that_take_too_long) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.handshake_timeout = 3s}});
  std::vector<std::unique_ptr<HostStream>> streams;
  sim::Host& mute = net.world.add_host();
  net.world.run(
      connect_and_say_nothing(mute.system(), {hub.host.address(), TestNode::kPort}, streams));
  net.world.run_for(2s);
  EXPECT_EQ(hub.host.stream_count(), 1U);
  net.world.run_for(2s);
  EXPECT_EQ(hub.host.stream_count(), 0U);
}

Task<void> say_and_end(System& system, Endpoint to, Bytes words) {
  auto stream = co_await system.network.connect(to);
  co_await write_all(*stream, words);
  co_await stream->close_write();
  Bytes rest(1000);
  while (co_await stream->read_some(rest) > 0) {
  }
}

TEST(Acceptor, A12_an_end_in_the_middle_of_a_handshake_ends_it) {
  TestNet net;
  TestNode& hub = net.add();
  sim::Host& guest = net.world.add_host();
  Bytes words = to_bytes("\x13/multistream/1.0.0\n\x07/noise\n");
  append(words, Bytes{0, 32, 1, 2, 3});
  const Endpoint to{hub.host.address(), TestNode::kPort};
  net.world.run(failure_of(say_and_end(guest.system(), to, words)));
  net.world.run_for(1s);
  EXPECT_EQ(hub.host.stream_count(), 0U);
  EXPECT_EQ(hub.swarm.failures().of(FailureCounts::Stage::handshake, ErrorCode::closed), 1u);
}

TEST(Acceptor, C5_who_says_nothing_keeps_nobody_out) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.handshakes = 12, .handshakes_per_address = 4}});
  const Endpoint to{hub.host.address(), TestNode::kPort};
  std::vector<std::unique_ptr<HostStream>> streams;
  TaskGroup dials(net.world.waits(), "dials");
  for (int host = 0; host < 4; ++host) {
    sim::Host& mute = net.world.add_host();
    for (int i = 0; i < 10; ++i) {
      dials.spawn(connect_and_say_nothing(mute.system(), to, streams));
    }
  }
  net.world.run(dials.join());
  net.world.run_for(1s);
  EXPECT_EQ(hub.host.stream_count(), 12U);
  const TimePoint begin = net.world.now();
  net.add().connect(hub);
  EXPECT_LT(net.world.now() - begin, 1s);
  EXPECT_GT(hub.swarm.failures().of(FailureCounts::Stage::handshake, ErrorCode::limit), 0u);
}

Task<void> connect_later(System& from, Endpoint to,
                         std::vector<std::unique_ptr<HostStream>>& streams) {
  co_await from.clock.sleep_for(10ms);  // when the guest has come, and is not through yet
  co_await connect_and_say_nothing(from, to, streams);
}

TEST(Acceptor, evicts_oldest_handshake_of_busiest_prefix) {
  TestNet net;
  TestNode& guest = net.add();
  TestNode& hub = net.add({.limits = {.handshakes = 8, .handshakes_per_address = 4}});
  const Endpoint to{hub.host.address(), TestNode::kPort};
  std::vector<std::unique_ptr<HostStream>> streams;
  TaskGroup dials(net.world.waits(), "dials");
  for (int host = 0; host < 8; ++host) {
    dials.spawn(connect_and_say_nothing(net.world.add_host().system(), to, streams));
  }
  net.world.run(dials.join());
  for (int host = 0; host < 4; ++host) {
    dials.spawn(connect_later(net.world.add_host().system(), to, streams));
  }
  guest.connect(hub);
  net.world.run(dials.join());
  net.world.run_for(500ms);
  EXPECT_EQ(hub.swarm.connections().of(guest.id).size(), 1U);
}

TEST(Acceptor, lets_a_crowd_of_many_prefixes_in_in_turn) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.handshakes = 8, .handshakes_per_address = 4}});
  std::vector<TestNode*> guests;
  std::vector<Link> links;
  TaskGroup dials(net.world.waits(), "dials");
  for (int i = 0; i < 60; ++i) guests.push_back(&net.add());
  for (TestNode* guest : guests) {
    dials.spawn(dial_into(guest->upgrader, guest->system, hub, links));
  }
  net.world.run(dials.join());
  net.world.run_for(500ms);
  for (TestNode* guest : guests) EXPECT_EQ(hub.swarm.connections().of(guest->id).size(), 1U);
  EXPECT_EQ(hub.swarm.failures().of(FailureCounts::Stage::handshake, ErrorCode::limit), 0U);
}

/// When `hub`, whose handshakes are all taken by those who say nothing, lets a guest in.
Duration time_to_get_in(TestNet& net, TestNode& hub, std::size_t hosts, std::size_t each) {
  const Endpoint to{hub.host.address(), TestNode::kPort};
  TestNode& guest = net.add();
  std::vector<std::unique_ptr<HostStream>> streams;
  TaskGroup dials(net.world.waits(), "dials");
  for (std::size_t host = 0; host < hosts; ++host) {
    sim::Host& mute = net.world.add_host();
    for (std::size_t i = 0; i < each; ++i) {
      dials.spawn(connect_and_say_nothing(mute.system(), to, streams));
    }
  }
  net.world.run(dials.join());
  const TimePoint begin = net.world.now();
  guest.connect(hub);
  return net.world.now() - begin;
}

TEST(Acceptor, C5_waits_a_second_for_strangers_of_many_prefixes_and_for_a_crowd_of_one_not_at_all) {
  constexpr std::size_t kHandshakes = 12;
  const ConnectionLimits limits{.handshakes = kHandshakes, .handshakes_per_address = 8};
  TestNet net;
  const Duration of_many = time_to_get_in(net, net.add({.limits = limits}), kHandshakes, 1);
  EXPECT_GT(of_many, Acceptor::kYoungHandshake / 2);
  EXPECT_LT(of_many, Acceptor::kYoungHandshake * 3 / 2);
  constexpr std::size_t kFew = Acceptor::kFewHandshakes;
  const Duration of_few =
      time_to_get_in(net, net.add({.limits = limits}), kHandshakes / kFew, kFew);
  EXPECT_GT(of_few, Acceptor::kYoungHandshake / 2);
  const Duration of_a_crowd =
      time_to_get_in(net, net.add({.limits = limits}), kHandshakes / (kFew + 1), kFew + 1);
  EXPECT_LT(of_a_crowd, Acceptor::kYoungHandshake / 2);
}

}  // namespace
}  // namespace shoal::net
