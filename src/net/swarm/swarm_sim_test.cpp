#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

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
  EXPECT_THAT(failure->message(), HasSubstr("/dns4/nowhere.example/tcp/4001: no such name"));
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

// Whichever of the two dialled before, and has the smaller id: the one that lost power has
// forgotten that connection, the other has not yet.
TEST(Swarm, a_peer_that_comes_back_speaks_over_its_new_connection) {
  for (const int variant : {0, 1, 2, 3}) {
    TestNet net;
    TestNode& one = net.add();
    TestNode& two = net.add();
    TestNode& stays = (variant & 1) != 0 ? one : two;
    TestNode& goes = (variant & 1) != 0 ? two : one;
    if ((variant & 2) != 0) {
      stays.connect(goes);
    } else {
      goes.connect(stays);
    }
    net.world.run_for(1s);
    goes.host.crash();
    goes.stop();
    net.world.run_for(7s);
    goes.host.restart();
    TestNode again(goes.host);
    again.swarm.protocols().add(kEcho, echo);
    again.connect(stays);
    net.world.run_for(1s);
    EXPECT_EQ(net.world.run(ask(stays.swarm, again.id, "back")), "back") << variant;
    net.world.run_for(60s);
    EXPECT_EQ(stays.swarm.connections().size(), 1U) << variant;
    EXPECT_EQ(again.swarm.connections().size(), 1U) << variant;
    EXPECT_EQ(net.world.run(ask(stays.swarm, again.id, "still there")), "still there") << variant;
  }
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

}  // namespace
}  // namespace shoal::net
