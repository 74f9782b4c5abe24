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
using testing::dial_into;
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
