#include "net/swarm/swarm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/swarm_testing.h"

namespace shoal::net {
namespace {

using testing::echo;
using testing::failure_of;
using ::testing::HasSubstr;
using testing::kEcho;
using testing::key_of;
using testing::pattern_bytes;
using testing::read_to_end;
using testing::TestNet;
using testing::TestNode;

std::optional<ErrorCode> code_of(const std::optional<Error>& failure) {
  return failure ? std::optional(failure->code()) : std::nullopt;
}

Multiaddr nobody(std::string host = "203.0.113.9") {
  return Multiaddr::parse("/ip4/" + host + "/tcp/4001");
}

Task<std::string> ask(Swarm& swarm, PeerId peer, std::string text,
                      std::vector<std::string> protocols = {kEcho}) {
  ProtocolStream opened = co_await swarm.open(peer, std::move(protocols));
  co_await write_all(*opened.stream, as_bytes(text));
  co_await opened.stream->close_write();
  const Bytes answer = co_await read_to_end(*opened.stream);
  co_return std::string(as_text(answer));
}

Task<void> count_in(Task<ConnectionId> task, std::vector<ConnectionId>& into) {
  into.push_back(co_await std::move(task));
}

class Log final : public ConnectionObserver {
 public:
  void connected(Connection&) override { ++open_; }
  void disconnected(Connection&) override { --open_; }
  int open() const { return open_; }

 private:
  int open_ = 0;
};

TEST(Swarm, connects_and_speaks_a_protocol) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  b.swarm.protocols().add(kEcho, echo);
  a.knows(b);
  EXPECT_EQ(net.world.run(ask(a.swarm, b.id, "hello")), "hello");
  const Connection* connection = a.swarm.best(b.id);
  ASSERT_NE(connection, nullptr);
  EXPECT_EQ(connection->remote(), b.address());
  EXPECT_EQ(connection->security(), "/noise");
  EXPECT_EQ(connection->muxer_protocol(), "/yamux/1.0.0");
  EXPECT_EQ(b.swarm.best(a.id)->key(), a.identity.public_key());
}

TEST(Swarm, both_sides_open_streams_on_one_connection) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  a.swarm.protocols().add(kEcho, echo);
  b.swarm.protocols().add(kEcho, echo);
  a.connect(b);
  net.world.run_for(1s);
  EXPECT_EQ(net.world.run(ask(b.swarm, a.id, "back")), "back");
  EXPECT_EQ(b.swarm.connections().size(), 1U);
}

TEST(Swarm, takes_the_first_protocol_that_the_peer_speaks) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  b.swarm.protocols().add(kEcho, echo);
  a.knows(b);
  EXPECT_EQ(net.world.run(ask(a.swarm, b.id, "x", {"/newer/2", kEcho})), "x");
  const auto failure = net.world.run(failure_of(ask(a.swarm, b.id, "x", {"/newer/2", "/new/1"})));
  EXPECT_EQ(code_of(failure), ErrorCode::unsupported);
  EXPECT_FALSE(a.swarm.best(b.id)->closed());
}

TEST(Swarm, A6_refuses_another_peer_than_the_one_wanted) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  const PeerId wanted = PeerId::from_public_key(key_of(77).public_key());
  a.knows(wanted, b.address());
  const auto failure = net.world.run(failure_of(a.swarm.connect(wanted)));
  ASSERT_EQ(code_of(failure), ErrorCode::unreachable);
  EXPECT_THAT(failure->message(), HasSubstr(b.address().to_string()));
  net.world.run_for(1s);
  EXPECT_EQ(a.swarm.connections().size(), 0U);
  EXPECT_EQ(b.swarm.connections().size(), 0U);
}

TEST(Swarm, refuses_to_connect_to_itself) {
  TestNet net;
  TestNode& a = net.add();
  EXPECT_EQ(code_of(net.world.run(failure_of(a.swarm.connect(a.id)))), ErrorCode::usage);
  const PeerId other = PeerId::from_public_key(key_of(77).public_key());
  a.knows(other, a.address());
  EXPECT_EQ(code_of(net.world.run(failure_of(a.swarm.connect(other)))), ErrorCode::unreachable);
  net.world.run_for(1s);
  EXPECT_EQ(a.swarm.connections().size(), 0U);
}

TEST(Swarm, dials_that_cross_end_with_one_connection) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  a.swarm.protocols().add(kEcho, echo);
  b.swarm.protocols().add(kEcho, echo);
  a.knows(b);
  b.knows(a);
  TaskGroup dials(net.world.waits(), "dials");
  std::vector<ConnectionId> made;
  dials.spawn(count_in(a.swarm.connect(b.id), made));
  dials.spawn(count_in(b.swarm.connect(a.id), made));
  net.world.run(dials.join());
  EXPECT_EQ(made.size(), 2U);
  EXPECT_EQ(net.world.run(ask(a.swarm, b.id, "there")), "there");
  EXPECT_EQ(net.world.run(ask(b.swarm, a.id, "back")), "back");
  net.world.run_for(5s);
  EXPECT_EQ(a.swarm.connections().size(), 1U);
  EXPECT_EQ(b.swarm.connections().size(), 1U);
  EXPECT_EQ(a.swarm.best(b.id)->direction() == Direction::outbound,
            b.swarm.best(a.id)->direction() == Direction::inbound);
  EXPECT_EQ(net.world.run(ask(a.swarm, b.id, "still there")), "still there");
}

TEST(Swarm, those_who_connect_at_once_share_a_dial) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  a.knows(b);
  TaskGroup dials(net.world.waits(), "dials");
  std::vector<ConnectionId> made;
  for (int i = 0; i < 5; ++i) dials.spawn(count_in(a.swarm.connect(b.id), made));
  net.world.run(dials.join());
  ASSERT_EQ(made.size(), 5U);
  for (const ConnectionId id : made) EXPECT_EQ(id, made.front());
  EXPECT_EQ(a.swarm.connections().size(), 1U);
}

TEST(Swarm, takes_a_live_address_250_ms_after_a_dead_one) {
  TestNet net(25ms);
  TestNode& a = net.add();
  TestNode& b = net.add();
  a.knows(b.id, nobody());
  a.knows(b);
  const TimePoint begin = net.world.now();
  net.world.run(a.swarm.connect(b.id));
  EXPECT_EQ(net.world.now() - begin, 250ms + 100ms);
}

TEST(Swarm, goes_on_at_once_after_an_address_that_refuses) {
  TestNet net(25ms);
  TestNode& a = net.add();
  TestNode& b = net.add();
  a.knows(b.id, Multiaddr::tcp({b.host.address(), 9}));
  a.knows(b);
  const TimePoint begin = net.world.now();
  net.world.run(a.swarm.connect(b.id));
  EXPECT_EQ(net.world.now() - begin, 50ms + 100ms);
}

TEST(Swarm, loses_no_time_on_an_address_that_nobody_dials) {
  TestNet net(25ms);
  TestNode& a = net.add();
  TestNode& b = net.add();
  a.knows(b.id, Multiaddr::parse("/ip4/10.0.0.1/udp/4001/quic-v1"));
  a.knows(b.id, Multiaddr::parse("/dns4/nowhere.example/tcp/4001"));
  a.knows(b);
  const TimePoint begin = net.world.now();
  net.world.run(a.swarm.connect(b.id));
  EXPECT_LE(net.world.now() - begin, 150ms);
}

TEST(Swarm, unreachable_names_every_address_with_its_reason) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  const std::vector<Multiaddr> dead = {nobody(), Multiaddr::tcp({b.host.address(), 9}),
                                       Multiaddr::parse("/ip4/10.0.0.1/udp/4001/quic-v1"),
                                       Multiaddr::parse("/dns4/nowhere.example/tcp/4001")};
  for (const Multiaddr& address : dead) a.knows(b.id, address);
  const TimePoint begin = net.world.now();
  const auto failure = net.world.run(failure_of(a.swarm.connect(b.id)));
  ASSERT_EQ(code_of(failure), ErrorCode::unreachable);
  EXPECT_EQ(failure->subject(), b.id.to_string());
  for (const Multiaddr& address : dead) {
    EXPECT_THAT(failure->message(), HasSubstr(address.to_string() + ": "));
  }
  EXPECT_LE(net.world.now() - begin, 17s);
}

TEST(Swarm, unreachable_without_an_address) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  const auto failure = net.world.run(failure_of(a.swarm.connect(b.id)));
  ASSERT_EQ(code_of(failure), ErrorCode::unreachable);
  EXPECT_THAT(failure->message(), HasSubstr("no address known"));
}

Task<bool> nobody_is_there(Task<ConnectionId> connecting) {
  try {
    co_await std::move(connecting);
  } catch (const NobodyThere&) {
    co_return true;
  } catch (const Error&) {
    co_return false;
  }
  co_return false;
}

TEST(Swarm, tells_a_peer_that_is_not_where_it_was_said_to_be_from_one_whose_place_is_unknown) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  EXPECT_FALSE(net.world.run(nobody_is_there(a.swarm.connect(b.id))));
  a.knows(b.id, Multiaddr::tcp({b.host.address(), 9}));
  EXPECT_TRUE(net.world.run(nobody_is_there(a.swarm.connect(b.id))));
}

TEST(Swarm, a_cancelled_dial_goes_on_for_the_others) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  a.knows(b);
  TaskGroup impatient(net.world.waits(), "impatient");
  std::vector<ConnectionId> never;
  impatient.spawn(count_in(a.swarm.connect(b.id), never));
  net.world.run_for(20ms);
  TaskGroup patient(net.world.waits(), "patient");
  std::vector<ConnectionId> made;
  patient.spawn(count_in(a.swarm.connect(b.id), made));
  net.world.run_for(20ms);
  net.world.run(impatient.stop());
  net.world.run(patient.join());
  EXPECT_TRUE(never.empty());
  EXPECT_EQ(made.size(), 1U);
}

TEST(Swarm, resolves_names) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  net.world.names().set_addresses("b.example", {b.host.address()});
  a.knows(b.id, Multiaddr::parse("/dns4/b.example/tcp/4001"));
  net.world.run(a.swarm.connect(b.id));
  EXPECT_EQ(a.swarm.best(b.id)->remote(), b.address());
}

TEST(Swarm, observers_hear_of_every_connection_and_its_end) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  Log log;
  b.swarm.add_observer(log);
  a.connect(b);
  net.world.run_for(1s);
  EXPECT_EQ(log.open(), 1);
  a.swarm.disconnect(b.id);
  net.world.run_for(1s);
  EXPECT_EQ(log.open(), 0);
  EXPECT_EQ(a.swarm.best(b.id), nullptr);
  b.swarm.remove_observer(log);
}

TEST(Swarm, notices_a_peer_that_crashed) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  a.connect(b);
  b.host.crash();
  net.world.run_for(60s);
  EXPECT_EQ(a.swarm.connections().size(), 0U);
}

TEST(Swarm, outlives_a_short_partition_and_notices_a_long_one) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  b.swarm.protocols().add(kEcho, echo);
  a.connect(b);
  net.world.partition({&a.host}, {&b.host});
  net.world.run_for(5s);
  net.world.heal();
  EXPECT_EQ(net.world.run(ask(a.swarm, b.id, "again")), "again");
  EXPECT_EQ(a.swarm.connections().size(), 1U);
  net.world.partition({&a.host}, {&b.host});
  net.world.run_for(90s);
  EXPECT_EQ(a.swarm.connections().size(), 0U);
  EXPECT_EQ(b.swarm.connections().size(), 0U);
  net.world.heal();
  EXPECT_EQ(net.world.run(ask(a.swarm, b.id, "and again")), "and again");
}

TEST(Swarm, holds_so_many_connections_and_no_more) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.connections = 3}});
  int refused = 0;
  for (int i = 0; i < 4; ++i) {
    TestNode& guest = net.add();
    guest.knows(hub);
    if (net.world.run(failure_of(guest.swarm.connect(hub.id)))) ++refused;
    net.world.run_for(1s);
    EXPECT_EQ(hub.swarm.connections().size(), std::min<std::size_t>(i + 1, 3));
  }
  EXPECT_EQ(refused, 1);
}

TEST(Swarm, can_still_dial_when_others_have_taken_all_their_room) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.connections = 4, .inbound_connections = 2}});
  for (int i = 0; i < 3; ++i) {
    TestNode& guest = net.add();
    guest.knows(hub);
    EXPECT_EQ(net.world.run(failure_of(guest.swarm.connect(hub.id))).has_value(), i == 2);
    net.world.run_for(1s);
  }
  EXPECT_EQ(hub.swarm.connections().size(), 2U);
  for (int i = 0; i < 3; ++i) {
    TestNode& wanted = net.add();
    hub.knows(wanted);
    EXPECT_EQ(net.world.run(failure_of(hub.swarm.connect(wanted.id))).has_value(), i == 2);
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
  Link link = co_await transport->dial(to.address(), to.id);
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

Task<void> hold(System& system, ProtocolStream) {
  co_await system.clock.sleep_for(1h);
}

Task<void> flood(Swarm& swarm, PeerId peer) {
  ProtocolStream opened = co_await swarm.open(peer, {kEcho});
  const Bytes much = pattern_bytes(1'000'000);
  while (true) co_await write_all(*opened.stream, much);
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

Task<void> send_all(Swarm& swarm, PeerId peer, std::size_t bytes) {
  ProtocolStream opened = co_await swarm.open(peer, {"/sink/1"});
  const Bytes much = pattern_bytes(bytes);
  co_await write_all(*opened.stream, much);
  co_await opened.stream->close_write();
  const Bytes end = co_await read_to_end(*opened.stream);
}

Task<void> sink(ProtocolStream stream) {
  Bytes buffer(64 * 1024);
  while (co_await stream.stream->read_some(buffer) > 0) {
  }
  co_await stream.stream->close_write();
}

/// Bytes a second that pass from one to the other.
double rate(TestNet& net, TestNode& from, TestNode& to, std::size_t bytes) {
  to.swarm.protocols().add("/sink/1", sink);
  from.knows(to);
  const TimePoint begin = net.world.now();
  net.world.run(send_all(from.swarm, to.id, bytes));
  const auto took = std::chrono::duration<double>(net.world.now() - begin);
  return static_cast<double>(bytes) / took.count();
}

TEST(Swarm, keeps_to_the_limit_of_what_it_sends) {
  TestNet net;
  TestNode& a = net.add({.up = 1'000'000});
  TestNode& b = net.add();
  EXPECT_NEAR(rate(net, a, b, 20'000'000), 1e6, 5e4);
}

TEST(Swarm, keeps_to_the_limit_of_what_it_receives) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add({.down = 1'000'000});
  EXPECT_NEAR(rate(net, a, b, 20'000'000), 1e6, 5e4);
}

TEST(Swarm, connections_share_one_limit) {
  TestNet net;
  TestNode& a = net.add({.up = 1'000'000});
  TestNode& b = net.add();
  TestNode& c = net.add();
  b.swarm.protocols().add("/sink/1", sink);
  c.swarm.protocols().add("/sink/1", sink);
  a.knows(b);
  a.knows(c);
  TaskGroup work(net.world.waits(), "senders");
  const TimePoint begin = net.world.now();
  work.spawn(send_all(a.swarm, b.id, 10'000'000));
  work.spawn(send_all(a.swarm, c.id, 10'000'000));
  net.world.run(work.join());
  EXPECT_NEAR(std::chrono::duration<double>(net.world.now() - begin).count(), 20, 1);
}

Task<void> keep_asking(Swarm& swarm, PeerId peer) {
  while (true) co_await ask(swarm, peer, "again and again");
}

TEST(Swarm, stops_in_the_middle_of_everything) {
  for (int moment = 0; moment < 60; ++moment) {
    TestNet net(20ms);
    TestNode& a = net.add();
    TestNode& b = net.add();
    TestNode& c = net.add();
    for (TestNode* node : {&a, &b, &c}) {
      node->swarm.protocols().add(kEcho, echo);
      node->swarm.protocols().add("/sink/1", sink);
    }
    a.knows(b);
    a.knows(c.id, nobody());
    a.knows(c);
    b.knows(a);
    c.knows(a);
    TaskGroup work(net.world.waits(), "work");
    work.spawn(keep_asking(a.swarm, b.id));
    work.spawn(keep_asking(a.swarm, c.id));
    work.spawn(keep_asking(b.swarm, a.id));
    work.spawn(send_all(c.swarm, a.id, 50'000'000));
    net.world.run_for(moment * 7ms);
    const TimePoint begin = net.world.now();
    a.stop();
    EXPECT_LE(net.world.now() - begin, 2s);
    EXPECT_EQ(a.swarm.connections().size(), 0U);
    net.world.run(work.stop());
  }
}

TEST(Swarm, stops_in_time_when_a_peer_takes_nothing) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  b.swarm.protocols().add(kEcho, sink);
  a.connect(b);
  net.world.partition({&a.host}, {&b.host});
  TaskGroup floods(net.world.waits(), "flood");
  for (int i = 0; i < 30; ++i) floods.spawn(flood(a.swarm, b.id));
  net.world.run_for(1s);
  const TimePoint begin = net.world.now();
  a.stop();
  EXPECT_LE(net.world.now() - begin, 2s);
  net.world.run(floods.stop());
}

TEST(Swarm, connects_no_more_once_stopped) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  a.knows(b);
  a.stop();
  EXPECT_EQ(code_of(net.world.run(failure_of(a.swarm.connect(b.id)))), ErrorCode::closed);
}

TEST(Swarm, lists_where_it_listens_with_the_real_port) {
  TestNet net;
  TestNode& a = net.add();
  a.swarm.listen(Multiaddr::parse("/ip4/0.0.0.0/tcp/0"));
  const auto addresses = a.swarm.listen_addresses();
  ASSERT_GE(addresses.size(), 2U);
  EXPECT_EQ(addresses.front(), a.address());
  for (const Multiaddr& address : addresses) EXPECT_NE(address.tcp_endpoint()->port, 0);
  EXPECT_THROW(a.swarm.listen(Multiaddr::parse("/ip4/0.0.0.0/udp/1/quic-v1")), Error);
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
  TestNode& hub = net.add({.limits = {.handshakes = 8, .handshakes_per_address = 4}});
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
  EXPECT_EQ(hub.host.stream_count(), 8U);
  const TimePoint begin = net.world.now();
  net.add().connect(hub);
  EXPECT_LT(net.world.now() - begin, 1s);
  EXPECT_GT(hub.swarm.failures().of(FailureCounts::Stage::handshake, ErrorCode::limit), 0u);
}

TEST(Swarm, C5_admits_so_many_connections_from_one_site) {
  TestNet net;
  TestNode& hub = net.add({.limits = {.inbound_connections_per_site = 2}});
  TestNode& guest = net.add();
  std::vector<Link> links;
  TaskGroup dials(net.world.waits(), "dials");
  for (int i = 0; i < 3; ++i) dials.spawn(dial_into(guest.upgrader, guest.system, hub, links));
  net.world.run(dials.join());
  net.world.run_for(500ms);
  EXPECT_EQ(hub.swarm.connections().of(guest.id).size(), 2U);
  net.add().connect(hub);
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
  net.world.run(break_protocols(bad.swarm, hub.id, Connection::kMaxBadStreams));
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
