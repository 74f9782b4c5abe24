// Speaking before the handshake is over (0-RTT).
#include <gtest/gtest.h>

#include <vector>

#include "net/swarm_testing.h"
#include "net/transport/quic/quic.h"
#include "net/transport/quic/quic_address.h"
#include "net/transport/quic/quic_sim_testing.h"

namespace shoal::quic {
namespace {

using net::testing::echo;
using net::testing::failure_of;
using net::testing::kEcho;
using net::testing::pattern_bytes;
using net::testing::read_to_end;
using testing::QuicEnd;
using testing::upgrade_next;

constexpr Duration kLatency = 50ms;  // one way
constexpr Duration kRoundTrip = 2 * kLatency;

/// A client, and a server that sends back what it reads.
class Early : public ::testing::Test {
 protected:
  struct Served {
    std::optional<net::Link> link;
    bool was_proven = false;
    std::size_t streams = 0;
    std::size_t bytes = 0;
    std::optional<Error> failure;
  };
  struct Asked {
    Duration took{};
    std::vector<Bytes> answers;
    std::optional<Error> failure;
  };

  Task<void> serve_stream(std::unique_ptr<Stream> stream, Served& served) {
    ++served.streams;
    Bytes buffer(4096);
    while (true) {
      const std::size_t got = co_await stream->read_some(buffer);
      if (got == 0) break;
      served.bytes += got;
      co_await write_all(*stream, ByteView(buffer).first(got));
    }
    co_await stream->close_write();
  }

  void serve_opened(net::Muxer& muxer, Served& served, TaskGroup& tasks) {
    while (auto stream = muxer.take_opened()) tasks.spawn(serve_stream(std::move(stream), served));
  }

  /// The next connection, until the client has gone.
  Task<void> serve(Served& served) {
    TaskGroup tasks(world_.waits(), "server");
    try {
      co_await upgrade_next(server_.socket, served.link);
      net::Muxer& muxer = *served.link->muxer;
      served.was_proven = muxer.proven();
      muxer.when_opened([&] { serve_opened(muxer, served, tasks); });
      serve_opened(muxer, served, tasks);
      co_await muxer.run();
    } catch (const Error& error) {
      served.failure = error;
    }
    co_await tasks.stop();
    served.link.reset();
  }

  /// Each of `messages` on a stream of its own; an empty one is given up before it is answered.
  Task<void> ask(std::vector<Bytes> messages, Endpoint where, Asked& out) {
    const TimePoint began = world_.now();
    QuicMuxer muxer(client_.socket, where, server_.id,
                    client_.shared.tickets.take(server_.id, server_.address, began));
    TaskGroup running(world_.waits(), "client");
    try {
      co_await muxer.handshake();
      EXPECT_EQ(PeerId::from_public_key(muxer.peer_key()), server_.id);
      running.spawn(run(muxer));
      std::vector<std::unique_ptr<Stream>> streams;
      for (const Bytes& message : messages) {
        streams.push_back(muxer.open());
        co_await write_all(*streams.back(), message.empty() ? Bytes(1) : message);
        if (message.empty()) {
          streams.back()->abort();
        } else {
          co_await streams.back()->close_write();
        }
      }
      for (std::size_t i = 0; i < messages.size(); ++i) {
        if (!messages[i].empty()) out.answers.push_back(co_await read_to_end(*streams[i]));
      }
      out.took = world_.now() - began;
    } catch (const Error& error) {
      out.failure = error;
      out.took = world_.now() - began;
    }
    co_await client_.system.clock.sleep_for(2 * kRoundTrip);  // for a ticket
    muxer.close();
    co_await running.stop();
  }

  static Task<void> run(QuicMuxer& muxer) {
    try {
      co_await muxer.run();
    } catch (const Error&) {
      // The test sees it by its streams.
    }
  }

  Asked connect_and_ask(const std::vector<Bytes>& messages = {{7}}) {
    Asked asked;
    served_ = {};
    TaskGroup serving(world_.waits(), "server");
    serving.spawn(serve(served_));
    world_.run(ask(messages, server_.address, asked));
    world_.run(serving.join());
    return asked;
  }

  /// As after a restart: what sealed the tickets is gone.
  void forget_tickets() {
    server_.shared.credentials = testing::make_credentials(server_.identity, server_.system.random);
  }

  void TearDown() override {
    world_.run(client_.socket.stop());
    world_.run(server_.socket.stop());
  }

  sim::World world_{{.path = {.latency = kLatency}}};
  QuicEnd client_{world_.add_host()};
  QuicEnd server_{world_.add_host()};
  Served served_;
};

TEST_F(Early, the_next_connection_has_its_answer_after_one_round_trip) {
  EXPECT_EQ(connect_and_ask().took, 2 * kRoundTrip);
  EXPECT_TRUE(served_.was_proven);
  for (int i = 0; i < 3; ++i) {
    const Asked next = connect_and_ask();
    EXPECT_EQ(next.took, kRoundTrip);
    ASSERT_EQ(next.answers.size(), 1U);
    EXPECT_EQ(next.answers[0], Bytes{7});
    EXPECT_FALSE(served_.was_proven);
    EXPECT_EQ(served_.streams, 1U);
  }
}

TEST_F(Early, the_server_knows_who_the_client_is) {
  connect_and_ask();
  Served served;
  Asked asked;
  TaskGroup serving(world_.waits(), "server");
  serving.spawn(serve(served));
  TaskGroup asking(world_.waits(), "client");
  asking.spawn(ask({{7}}, server_.address, asked));
  world_.run_for(kLatency + 1ms);
  ASSERT_TRUE(served.link.has_value());
  EXPECT_FALSE(served.link->muxer->proven());
  EXPECT_EQ(server_.socket.handshakes(), 1U);
  EXPECT_EQ(served.link->peer, client_.id);
  world_.run(served.link->muxer->wait_until_proven());
  EXPECT_TRUE(served.link->muxer->proven());
  EXPECT_EQ(server_.socket.handshakes(), 0U);
  world_.run(asking.join());
  world_.run(serving.join());
}

TEST_F(Early, what_a_server_refuses_is_sent_again_once) {
  connect_and_ask();
  forget_tickets();
  const std::vector<Bytes> messages = {
      pattern_bytes(10), {}, pattern_bytes(5000), pattern_bytes(1)};
  const Asked asked = connect_and_ask(messages);
  ASSERT_FALSE(asked.failure.has_value()) << asked.failure->what();
  EXPECT_TRUE(served_.was_proven);
  ASSERT_EQ(asked.answers.size(), 3U);
  EXPECT_EQ(asked.answers[0], messages[0]);
  EXPECT_EQ(asked.answers[1], messages[2]);
  EXPECT_EQ(asked.answers[2], messages[3]);
  EXPECT_LE(served_.bytes, 10 + 5000 + 1 + 1U);
  // And it has given a new ticket.
  EXPECT_EQ(connect_and_ask().took, kRoundTrip);
}

TEST_F(Early, more_than_a_first_flight_arrives_whole) {
  connect_and_ask();
  const std::vector<Bytes> messages = {pattern_bytes(100'000), pattern_bytes(30'000)};
  const Asked asked = connect_and_ask(messages);
  EXPECT_EQ(asked.answers, messages);
  EXPECT_EQ(served_.bytes, 130'000U);
}

TEST_F(Early, nobody_there_is_noticed_soon) {
  connect_and_ask();
  world_.run(server_.socket.stop());
  Asked asked;
  world_.run(ask({{7}}, {server_.address.address, 4002}, asked));
  ASSERT_TRUE(asked.failure.has_value());
  EXPECT_LE(asked.took, kEarlyAnswerTimeout + kEarlyAnswerRoundTrips * kRoundTrip);
}

/// Stands between the two, and keeps what the client sent.
class Played : public Early {
 protected:
  Task<void> pass_on() {
    Bytes buffer(2048);
    while (true) {
      const auto got = co_await front_->receive(buffer);
      if (got.from == server_.address) continue;
      client_at_ = got.from;
      sent_.push_back(to_bytes(ByteView(buffer).first(got.bytes)));
      back_->send(server_.address, sent_.back());
    }
  }
  Task<void> pass_back() {
    Bytes buffer(2048);
    while (true) {
      const auto got = co_await back_->receive(buffer);
      front_->send(client_at_, ByteView(buffer).first(got.bytes));
    }
  }

  sim::Host& between_ = world_.add_host();
  std::unique_ptr<DatagramSocket> front_ = between_.system().network.bind({between_.address(), 1});
  std::unique_ptr<DatagramSocket> back_ = between_.system().network.bind({between_.address(), 2});
  std::unique_ptr<DatagramSocket> again_ = between_.system().network.bind({between_.address(), 3});
  Endpoint client_at_{};
  std::vector<Bytes> sent_;
};

TEST_F(Played, back_a_first_flight_is_not_heard_twice) {
  connect_and_ask();
  TaskGroup passing(world_.waits(), "between");
  passing.spawn(pass_on());
  passing.spawn(pass_back());
  Asked asked;
  Served served;
  TaskGroup serving(world_.waits(), "server");
  serving.spawn(serve(served));
  world_.run(ask({{7}}, {between_.address(), 1}, asked));
  world_.run(serving.join());
  ASSERT_EQ(asked.answers.size(), 1U);
  EXPECT_EQ(served.bytes, 1U);

  Served twice;
  serving.spawn(serve(twice));
  for (const Bytes& packet : sent_) again_->send(server_.address, packet);
  world_.run_for(kHandshakeTimeout + 10s);
  world_.run(serving.join());
  world_.run(passing.stop());
  EXPECT_EQ(twice.bytes, 0U);
  EXPECT_TRUE(twice.failure.has_value());
}

TEST(ReplayWindow, takes_each_key_once_until_it_expires) {
  ReplayWindow window;
  const Bytes one = {1};
  const Bytes other = {2};
  EXPECT_TRUE(window.take(one, 10, 0));
  EXPECT_FALSE(window.take(one, 10, 10));
  EXPECT_TRUE(window.take(other, 12, 10));
  EXPECT_TRUE(window.take(one, 20, 11));
  EXPECT_FALSE(window.take(other, 20, 11));
}

TEST(ReplayWindow, takes_nothing_new_when_it_is_full) {
  ReplayWindow window;
  const auto key = [](std::size_t i) {
    return Bytes{static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)};
  };
  for (std::size_t i = 0; i < kMaxReplayKeys; ++i) ASSERT_TRUE(window.take(key(i), 10, 0));
  EXPECT_FALSE(window.take(Bytes{0, 0, 1}, 10, 0));
  EXPECT_TRUE(window.take(Bytes{0, 0, 1}, 30, 11));
}

TEST(Tickets, are_for_one_place_and_serve_once) {
  Tickets tickets;
  const PeerId peer = PeerId::from_public_key(testing::identity_of(1).public_key());
  const Endpoint here{IpAddress::v4({10, 0, 0, 1}), 4001};
  const Endpoint there{IpAddress::v4({10, 0, 0, 2}), 4001};
  const Ticket ticket{.remote = here, .key = testing::identity_of(1).public_key()};
  tickets.keep(peer, ticket, TimePoint{});
  EXPECT_FALSE(tickets.take(peer, there, TimePoint{}).has_value());
  EXPECT_TRUE(tickets.take(peer, here, TimePoint{}).has_value());
  EXPECT_FALSE(tickets.take(peer, here, TimePoint{}).has_value());
  tickets.keep(peer, ticket, TimePoint{});
  EXPECT_FALSE(tickets.take(peer, here, TimePoint{} + kTicketLifetime).has_value());
}

TEST(Tickets, of_the_peers_met_longest_ago_give_way) {
  Tickets tickets;
  const Endpoint here{IpAddress::v4({10, 0, 0, 1}), 4001};
  std::vector<PeerId> peers;
  for (std::size_t i = 0; i <= kMaxTickets; ++i) {
    const crypto::PublicKey key = net::testing::key_of(static_cast<std::uint32_t>(i)).public_key();
    peers.push_back(PeerId::from_public_key(key));
    tickets.keep(peers.back(), {.remote = here, .key = key}, TimePoint{});
  }
  EXPECT_EQ(tickets.size(), kMaxTickets);
  EXPECT_FALSE(tickets.take(peers[0], here, TimePoint{}).has_value());
  EXPECT_TRUE(tickets.take(peers[1], here, TimePoint{}).has_value());
}

/// Whole nodes, by protocol.
class EarlyNodes : public ::testing::Test {
 protected:
  EarlyNodes() {
    for (net::testing::TestNode* each : {&a, &b}) {
      each->swarm.add_transport(net::make_quic_transport(each->system, each->upgrader));
      each->swarm.listen(quic_address({IpAddress::any_v4(), net::testing::TestNode::kPort}));
    }
    a.knows(b.id, quic_address({b.host.address(), net::testing::TestNode::kPort}));
  }

  Task<Duration> ask_once(net::Replay replay) {
    const TimePoint began = net.world.now();
    Bytes byte = {7};
    {
      const net::ProtocolStream opened = co_await a.swarm.open(b.id, {kEcho}, {.replay = replay});
      co_await write_all(*opened.stream, byte);
      co_await read_exactly(*opened.stream, byte);
    }
    EXPECT_EQ(byte, Bytes{7});
    co_return net.world.now() - began;
  }

  Duration ask(net::Replay replay) {
    const Duration took = net.world.run(ask_once(replay));
    net.world.run_for(1s);
    a.swarm.disconnect(b.id);
    net.world.run_for(1s);
    return took;
  }

  net::testing::TestNet net{kLatency};
  net::testing::TestNode& a = net.add();
  net::testing::TestNode& b = net.add();
};

TEST_F(EarlyNodes, speak_at_once_what_may_be_heard_twice) {
  b.swarm.protocols().add(kEcho, echo, net::Replay::harmless);
  EXPECT_EQ(ask(net::Replay::harmless), 2 * kRoundTrip);
  EXPECT_EQ(ask(net::Replay::harmless), kRoundTrip);
  EXPECT_EQ(ask(net::Replay::harmful), 2 * kRoundTrip);
}

TEST_F(EarlyNodes, serve_nothing_early_that_may_not_be_heard_twice) {
  b.swarm.protocols().add(kEcho, echo);
  EXPECT_EQ(ask(net::Replay::harmless), 2 * kRoundTrip);
  // The client's own last word, that it is there, comes half a round trip after the request.
  EXPECT_EQ(ask(net::Replay::harmless), 2 * kRoundTrip);
}

TEST_F(EarlyNodes, dial_on_when_nobody_is_there_any_more) {
  b.swarm.protocols().add(kEcho, echo, net::Replay::harmless);
  ask(net::Replay::harmless);
  b.host.set_addresses({IpAddress::v4({198, 51, 100, 77})});
  a.knows(b);
  const TimePoint began = net.world.now();
  const net::ConnectionId id = net.world.run(a.swarm.connect(b.id));
  ASSERT_NE(a.swarm.find(id), nullptr);
  EXPECT_EQ(a.swarm.find(id)->remote(), b.address());
  EXPECT_TRUE(a.swarm.find(id)->muxer().proven());
  EXPECT_LE(net.world.now() - began, 3s);
}

TEST_F(EarlyNodes, that_end_before_the_answer_leave_nothing) {
  b.swarm.protocols().add(kEcho, echo, net::Replay::harmless);
  ask(net::Replay::harmless);
  TaskGroup asking(net.world.waits(), "ask");
  const auto left = [](Task<Duration> task) -> Task<void> { co_await std::move(task); };
  asking.spawn(left(ask_once(net::Replay::harmless)));
  net.world.run_for(kLatency + 1ms);
  ASSERT_NE(b.swarm.best(a.id), nullptr);
  EXPECT_FALSE(b.swarm.best(a.id)->muxer().proven());
  net.world.run(asking.stop());
  a.stop();
  b.stop();
}

}  // namespace
}  // namespace shoal::quic
