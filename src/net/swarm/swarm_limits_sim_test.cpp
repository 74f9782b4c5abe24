#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/swarm/acceptor.h"
#include "net/swarm/swarm.h"
#include "net/swarm/swarm_sim_testing.h"

namespace shoal::net {
namespace {

using testing::ask;
using testing::code_of;
using testing::count_in;
using testing::echo;
using testing::failure_of;
using testing::flood;
using ::testing::HasSubstr;
using testing::hold;
using testing::kEcho;
using testing::key_of;
using testing::nobody;
using testing::pattern_bytes;
using testing::read_to_end;
using testing::TestNet;
using testing::TestNode;

TEST(Swarm, holds_so_many_connections_and_no_more) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.connections = 3}});
  for (std::size_t i = 0; i < 5; ++i) {
    net.add().connect(hub);
    net.world.run_for(1s);
    EXPECT_EQ(hub.swarm.connections().size(), std::min<std::size_t>(i + 1, 3));
  }
}

TEST(Swarm, C5_who_makes_no_use_of_a_place_gives_it_to_who_comes) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.inbound_connections = 3}});
  hub.swarm.protocols().add(kEcho, echo);
  TestNode& user = net.add();
  user.connect(hub);
  EXPECT_EQ(net.world.run(ask(user.swarm, hub.id, "hello")), "hello");
  net.world.run_for(1s);
  std::vector<TestNode*> silent;
  for (int i = 0; i < 4; ++i) {
    silent.push_back(&net.add());
    silent.back()->connect(hub);
    net.world.run_for(1s);
  }
  EXPECT_NE(hub.swarm.best(user.id), nullptr);
  EXPECT_EQ(hub.swarm.best(silent[0]->id), nullptr);
  EXPECT_EQ(hub.swarm.best(silent[1]->id), nullptr);
  EXPECT_NE(hub.swarm.best(silent[3]->id), nullptr);
}

/// Opens so many at once and holds them; returns how many it got.
Task<std::size_t> hold_many(TestNode& from, PeerId peer, std::size_t count) {
  std::vector<ProtocolStream> held;
  for (std::size_t i = 0; i < count; ++i) {
    held.push_back(co_await from.swarm.open(peer, {kEcho}));
    co_await write_all(*held.back().stream, as_bytes("x"));
  }
  co_return held.size();
}

TEST(Swarm, opens_more_streams_than_the_peer_acknowledges_at_once) {
  TestNet net;
  TestNode& hub = net.add();
  hub.swarm.protocols().add(kEcho, echo);
  TestNode& guest = net.add();
  guest.connect(hub);
  EXPECT_EQ(net.world.run(hold_many(guest, hub.id, 600)), 600U);
}

Task<void> try_to_open(Connection& connection, int& failures) {
  const std::vector<std::string> protocols{kEcho};
  try {
    co_await connection.open(protocols);
  } catch (const Error&) {
    ++failures;
  }
}

TEST(Swarm, who_waits_to_open_a_stream_survives_the_end_of_the_connection) {
  TestNet net;
  TestNode& hub = net.add();
  TestNode& guest = net.add();
  guest.connect(hub);
  Connection& connection = *guest.swarm.best(hub.id);
  net.world.partition({&hub.host}, {&guest.host});
  int failures = 0;
  TaskGroup work(net.world.waits(), "streams");
  {
    std::vector<std::unique_ptr<Stream>> held;
    while (!connection.muxer().must_wait_to_open()) held.push_back(connection.muxer().open());
    for (int i = 0; i < 3; ++i) work.spawn(try_to_open(connection, failures));
    net.world.run_for(10ms);
    connection.close();
  }
  net.world.run(work.join());
  EXPECT_EQ(failures, 3);
  net.world.run_for(1s);
  EXPECT_EQ(guest.swarm.connections().size(), 0U);
}

TEST(Swarm, evicts_who_moved_no_content_before_who_did) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.inbound_connections = 3}});
  hub.swarm.protocols().add(kEcho, echo);
  TestNode& useful = net.add();
  TestNode& identified = net.add();
  for (TestNode* node : {&useful, &identified}) {
    node->connect(hub);
    EXPECT_EQ(net.world.run(ask(node->swarm, hub.id, "hello")), "hello");
  }
  hub.swarm.note_transfer(useful.id);
  net.world.run_for(1s);
  std::vector<TestNode*> late;
  for (int i = 0; i < 3; ++i) {
    late.push_back(&net.add());
    late.back()->connect(hub);
    EXPECT_EQ(net.world.run(ask(late.back()->swarm, hub.id, "hello")), "hello");
    net.world.run_for(1s);
  }
  EXPECT_NE(hub.swarm.best(useful.id), nullptr);
  EXPECT_EQ(hub.swarm.best(identified.id), nullptr);
  EXPECT_EQ(hub.swarm.best(late[0]->id), nullptr);
  EXPECT_NE(hub.swarm.best(late[2]->id), nullptr);
}

TEST(ConnectionLimits, leave_descriptors_to_everything_else) {
  const ConnectionLimits unlimited = ConnectionLimits{}.within(100'000);
  EXPECT_EQ(unlimited.connections, ConnectionLimits{}.connections);
  EXPECT_EQ(unlimited.open_files, 0u);
  for (const std::size_t files : {10U, 64U, 256U, 1024U}) {
    const ConnectionLimits few = ConnectionLimits{}.within(files);
    const std::size_t sockets = few.connections + few.handshakes;
    EXPECT_LE(sockets, std::max(files / 2, files - ConnectionLimits::kReservedDescriptors));
    EXPECT_GE(sockets, files / 2);
    EXPECT_GE(few.inbound_connections, 1u);
    EXPECT_LT(few.inbound_connections, few.connections);
    EXPECT_EQ(few.open_files, files);
  }
}

TEST(Swarm, whom_we_wait_for_keeps_its_place) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.inbound_connections = 1}});
  TestNode& source = net.add();
  source.connect(hub);
  const auto expected = hub.swarm.solicit(source.id);
  net.world.run_for(1s);
  TestNode& late = net.add();
  late.knows(hub);
  EXPECT_TRUE(net.world.run(failure_of(late.swarm.connect(hub.id))));
  EXPECT_NE(hub.swarm.best(source.id), nullptr);
}

TEST(Swarm, can_still_dial_when_others_have_taken_all_their_room) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.connections = 4, .inbound_connections = 2}});
  for (int i = 0; i < 3; ++i) {
    TestNode& guest = net.add();
    guest.connect(hub);
    net.world.run_for(1s);
  }
  EXPECT_EQ(hub.swarm.connections().size(), 2U);
  // Two dials find room, two evict the guests; the next would evict one of these four.
  for (int i = 0; i < 5; ++i) {
    TestNode& wanted = net.add();
    hub.knows(wanted);
    const TimePoint begin = net.world.now();
    const auto failure = net.world.run(failure_of(hub.swarm.connect(wanted.id)));
    EXPECT_EQ(failure.has_value(), i == 4);
    if (failure) EXPECT_EQ(net.world.now(), begin);
  }
  hub.swarm.disconnect(hub.swarm.connections().all().front()->peer());
  net.world.run_for(1s);
  TestNode& late = net.add();
  late.connect(hub);
}

/// Whether `b` is reached when only the last of so many names is one.
bool finds_behind_names(std::size_t count) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  net.world.names().set_addresses("last.example", {b.host.address()});
  for (std::size_t i = 1; i < count; ++i) {
    a.knows(b.id, Multiaddr::parse("/dns4/no" + std::to_string(i) + ".example/tcp/4001"));
  }
  a.knows(b.id, Multiaddr::parse("/dns4/last.example/tcp/4001"));
  return !net.world.run(failure_of(a.swarm.connect(b.id)));
}

TEST(Swarm, looks_up_so_many_names_of_a_peer_and_no_more) {
  EXPECT_TRUE(finds_behind_names(Dialer::kMaxNames));
  EXPECT_FALSE(finds_behind_names(Dialer::kMaxNames + 1));
}

/// A dialler of its own beside the swarm's, which would share one connection.
Task<void> dial_into(Upgrader& upgrader, System& system, const TestNode& to,
                     std::vector<Link>& into) {
  auto transport = make_tcp_transport(system, upgrader);
  Link link = co_await transport->dial(to.address(), to.id, DialAs{});
  into.push_back(std::move(link));
}

TEST(Swarm, holds_four_connections_to_one_peer) {
  TestNet net;
  TestNode& hub = net.add();
  TestNode& guest = net.add();
  std::vector<Link> links;
  TaskGroup dials(net.world.waits(), "dials");
  for (int i = 0; i < 6; ++i) dials.spawn(dial_into(guest.upgrader, guest.system, hub, links));
  net.world.run(dials.join());
  net.world.run_for(500ms);
  EXPECT_EQ(hub.swarm.connections().of(guest.id).size(), 4U);
}

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

TEST(Swarm, bounds_handshakes_of_one_address) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.handshakes_per_address = 5}});
  EXPECT_EQ(silent_held(net, hub, {&net.world.add_host()}, 9), 5U);
}

TEST(Swarm, counts_handshakes_by_the_network_of_an_ipv6_address) {
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

TEST(Swarm, bounds_handshakes_in_all) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.handshakes = 7}});
  EXPECT_EQ(silent_held(net, hub, {&net.world.add_host(), &net.world.add_host()}, 5), 7U);
}

TEST(Swarm, ends_handshakes_that_take_too_long) {
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

TEST(Swarm, C5_ends_the_connection_that_buffers_too_much) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.buffered_bytes = 1'000'000}});
  TestNode& good = net.add();
  TestNode& bad = net.add();
  hub.swarm.protocols().add(
      kEcho, [&hub](ProtocolStream stream) { return hold(hub.system, std::move(stream)); });
  good.connect(hub);
  bad.knows(hub);
  TaskGroup floods(net.world.waits(), "flood");
  for (int i = 0; i < 8; ++i) floods.spawn(flood(bad.swarm, hub.id));
  net.world.run_for(10s);
  EXPECT_EQ(hub.swarm.best(bad.id), nullptr);
  EXPECT_NE(hub.swarm.best(good.id), nullptr);
  net.world.run(floods.stop());
}

TEST(Swarm, C5_ends_as_many_connections_as_buffer_too_much_at_once) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.buffered_bytes = 1'000'000}});
  hub.swarm.protocols().add(
      kEcho, [&hub](ProtocolStream stream) { return hold(hub.system, std::move(stream)); });
  TaskGroup floods(net.world.waits(), "flood");
  std::vector<PeerId> bad;
  for (int peer = 0; peer < 5; ++peer) {
    TestNode& node = net.add();
    node.connect(hub);
    bad.push_back(node.id);
    for (int i = 0; i < 8; ++i) floods.spawn(flood(node.swarm, hub.id));
  }
  net.world.run_for(2500ms);
  for (const PeerId& peer : bad) EXPECT_EQ(hub.swarm.best(peer), nullptr);
  net.world.run(floods.stop());
}

Task<void> say_and_end(System& system, Endpoint to, Bytes words) {
  auto stream = co_await system.network.connect(to);
  co_await write_all(*stream, words);
  co_await stream->close_write();
  Bytes rest(1000);
  while (co_await stream->read_some(rest) > 0) {
  }
}

TEST(Swarm, A12_an_end_in_the_middle_of_a_handshake_ends_it) {
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

TEST(Swarm, C5_who_says_nothing_keeps_nobody_out) {
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

TEST(Swarm, evicts_oldest_handshake_of_busiest_prefix) {
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

TEST(Swarm, lets_a_crowd_of_many_prefixes_in_in_turn) {
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

TEST(Swarm, C5_waits_a_second_for_strangers_of_many_prefixes_and_for_a_crowd_of_one_not_at_all) {
  constexpr std::size_t kHandshakes = 12;
  const net::ConnectionLimits limits{.handshakes = kHandshakes, .handshakes_per_address = 8};
  TestNet net;
  const Duration of_many = time_to_get_in(net, net.add({.limits = limits}), kHandshakes, 1);
  EXPECT_GT(of_many, Acceptor::kYoungHandshake / 2);
  EXPECT_LT(of_many, Acceptor::kYoungHandshake * 3 / 2);
  constexpr std::size_t kEach = Acceptor::kFewHandshakes + 1;
  const Duration of_few =
      time_to_get_in(net, net.add({.limits = limits}), kHandshakes / kEach, kEach);
  EXPECT_LT(of_few, Acceptor::kYoungHandshake / 2);
}

TEST(Swarm, C5_admits_so_many_connections_from_one_site) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.inbound_connections_per_prefix = 2}});
  TestNode& guest = net.add();
  std::vector<Link> links;
  TaskGroup dials(net.world.waits(), "dials");
  for (int i = 0; i < 3; ++i) dials.spawn(dial_into(guest.upgrader, guest.system, hub, links));
  net.world.run(dials.join());
  net.world.run_for(500ms);
  EXPECT_EQ(hub.swarm.connections().of(guest.id).size(), 2U);
  net.add().connect(hub);
}

Task<void> open_many(TestNode& from, PeerId peer, std::size_t count,
                     std::vector<ProtocolStream>& into) {
  for (std::size_t i = 0; i < count; ++i) {
    ProtocolStream opened = co_await from.swarm.open(peer, {kEcho});
    co_await write_all(*opened.stream, as_bytes("x"));
    into.push_back(std::move(opened));
    if (i % 100 == 99) co_await from.system.clock.sleep_for(100ms);  // a backlog is not the point
  }
}

TEST(Swarm, C5_serves_so_many_streams_for_all_and_a_few_for_each) {
  constexpr std::size_t kGuests = 5;
  constexpr std::size_t kEach = 900;
  TestNet net;
  TestNode& hub = net.add();
  hub.swarm.protocols().add(
      kEcho, [&hub](ProtocolStream stream) { return hold(hub.system, std::move(stream)); });
  std::vector<ProtocolStream> streams;
  const auto refused = [&] {
    net.world.run_for(1s);
    return hub.swarm.failures().of(FailureCounts::Stage::stream, ErrorCode::limit);
  };
  for (std::size_t guest = 0; guest < kGuests; ++guest) {
    TestNode& node = net.add();
    node.knows(hub);
    net.world.run(open_many(node, hub.id, kEach, streams));
  }
  EXPECT_EQ(refused(), kGuests * kEach - Connection::kMaxServedStreams);
  TestNode& late = net.add();
  late.knows(hub);
  net.world.run(open_many(late, hub.id, Connection::kMinServedStreams + 1, streams));
  EXPECT_EQ(refused(), kGuests * kEach - Connection::kMaxServedStreams + 1);
  streams.clear();
}

Task<void> break_protocols(Swarm& swarm, PeerId peer, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    ProtocolStream opened = co_await swarm.open(peer, {kEcho});
    Bytes end(1);
    try {
      co_await write_all(*opened.stream, as_bytes("x"));
      co_await opened.stream->read_some(end);
    } catch (const Error&) {
      // As expected.
    }
  }
}

Task<void> refuse(ProtocolStream) {
  throw Error(ErrorCode::malformed, "not like this");
  co_return;
}

TEST(Swarm, C5_ends_a_connection_of_too_many_bad_streams_and_counts_the_cause) {
  TestNet net;
  TestNode& hub = net.add();
  TestNode& bad = net.add();
  hub.swarm.protocols().add(kEcho, refuse);
  bad.knows(hub);
  net.world.run(
      break_protocols(bad.swarm, hub.id, static_cast<std::size_t>(Connection::kMaxBadStreams)));
  EXPECT_NE(hub.swarm.best(bad.id), nullptr);
  net.world.run(break_protocols(bad.swarm, hub.id, 1));
  net.world.run_for(1s);
  EXPECT_EQ(hub.swarm.best(bad.id), nullptr);
  const FailureCounts& counts = hub.swarm.failures();
  EXPECT_EQ(counts.of(FailureCounts::Stage::stream, ErrorCode::malformed),
            Connection::kMaxBadStreams + 1);
  EXPECT_EQ(counts.of(FailureCounts::Stage::connection, ErrorCode::limit), 1u);
}

}  // namespace
}  // namespace shoal::net
