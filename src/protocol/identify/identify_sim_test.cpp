#include "protocol/identify/identify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "format/envelope.h"
#include "format/key_codec.h"
#include "format/peer_record.h"
#include "net/framing.h"
#include "net/swarm_testing.h"

namespace shoal::identify {
namespace {

using net::testing::key_of;
using net::testing::TestNet;
using net::testing::TestNode;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A node that identifies itself.
struct Known {
  explicit Known(TestNode& its_node)
      : node(its_node), identify(node.system, node.swarm, node.identity, "shoal/test") {}
  ~Known() {
    node.stop();
    node.host.world().run(identify.stop());
  }
  TestNode& node;
  Identify identify;
};

Task<void> send_messages(std::vector<Bytes> messages, net::ProtocolStream stream) {
  for (const Bytes& message : messages) co_await net::write_message(*stream.stream, message);
  co_await stream.stream->close_write();
}

/// Lets `node` answer identify with these messages.
void answer_with(TestNode& node, std::vector<Bytes> messages) {
  node.swarm.protocols().add(kProtocol, [messages](net::ProtocolStream stream) {
    return send_messages(messages, std::move(stream));
  });
}

Task<void> push_messages(net::Swarm& swarm, PeerId peer, std::vector<Bytes> messages) {
  net::ProtocolStream stream = co_await swarm.open(std::move(peer), {kPushProtocol});
  for (const Bytes& message : messages) co_await net::write_message(*stream.stream, message);
  co_await stream.stream->close_write();
  Bytes end(1);
  co_await stream.stream->read_some(end);
}

Message speaking(std::vector<std::string> protocols) {
  Message out;
  out.protocols = std::move(protocols);
  return out;
}

/// What `asker` learns of one that answers with these messages.
struct Answered {
  explicit Answered(std::vector<Bytes> messages) : asker(net.add()), liar(net.add()), known(asker) {
    answer_with(liar, std::move(messages));
    asker.connect(liar);
    net.world.run_for(10s);
  }
  const std::vector<std::string>* protocols() { return asker.swarm.peers().protocols(liar.id); }

  TestNet net;
  TestNode& asker;
  TestNode& liar;
  Known known;
};

TEST(Identify, both_sides_learn_of_each_other) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  Known one(a);
  Known other(b);
  std::vector<PeerId> identified;
  one.identify.when_identified([&](const PeerId& peer) { identified.push_back(peer); });
  a.connect(b);
  net.world.run_for(1s);
  EXPECT_THAT(identified, ElementsAre(b.id));
  EXPECT_TRUE(a.swarm.peers().speaks(b.id, kPushProtocol));
  EXPECT_EQ(a.swarm.peers().agent(b.id), "shoal/test");
  // The dialled side knows where the dialler listens, which no connection told it.
  EXPECT_THAT(b.swarm.peers().addresses(a.id), Contains(a.address()));
  ASSERT_TRUE(one.identify.observed().contains(b.id));
  EXPECT_EQ(one.identify.observed().at(b.id).tcp_endpoint()->address, a.host.address());
}

TEST(Identify, costs_one_round_trip) {
  TestNet net(50ms);
  TestNode& a = net.add();
  TestNode& b = net.add();
  Known one(a);
  Known other(b);
  a.connect(b);
  const TimePoint connected = net.world.now();
  std::optional<TimePoint> identified;
  one.identify.when_identified([&](const PeerId&) { identified = net.world.now(); });
  net.world.run_for(1s);
  ASSERT_TRUE(identified.has_value());
  EXPECT_EQ(*identified - connected, 100ms);
}

TEST(Identify, E5_a_push_replaces_what_was_known) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  Known one(a);
  Known other(b);
  a.connect(b);
  net.world.run_for(1s);
  EXPECT_FALSE(a.swarm.peers().speaks(b.id, "/new/1"));
  b.swarm.protocols().add("/new/1", net::testing::echo);
  other.identify.push();
  net.world.run_for(1s);
  EXPECT_TRUE(a.swarm.peers().speaks(b.id, "/new/1"));
  b.swarm.protocols().remove("/new/1");
  other.identify.push();
  net.world.run_for(1s);
  EXPECT_FALSE(a.swarm.peers().speaks(b.id, "/new/1"));
}

TEST(Identify, tells_peers_when_a_protocol_comes_and_when_it_goes) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  Known one(a);
  Known other(b);
  a.connect(b);
  net.world.run_for(1s);
  b.swarm.protocols().add("/new/1", net::testing::echo);
  net.world.run_for(1s);
  EXPECT_TRUE(a.swarm.peers().speaks(b.id, "/new/1"));
  b.swarm.protocols().remove("/new/1");
  net.world.run_for(5s);
  EXPECT_FALSE(a.swarm.peers().speaks(b.id, "/new/1"));
}

TEST(Identify, tells_of_a_change_that_came_before_the_peer_was_known_to_speak_push) {
  TestNet net(50ms);
  TestNode& a = net.add();
  TestNode& b = net.add();
  Known one(a);
  Known other(b);
  a.connect(b);
  const auto names = [&] { return a.swarm.peers().protocols(b.id); };
  while (names() == nullptr) net.world.run_for(1ms);
  ASSERT_FALSE(b.swarm.peers().speaks(a.id, kPushProtocol));
  b.swarm.protocols().add("/new/1", net::testing::echo);
  net.world.run_for(1s);
  EXPECT_TRUE(a.swarm.peers().speaks(b.id, "/new/1"));
}

Task<void> count_push(net::ProtocolStream stream, std::size_t& count) {
  ++count;
  co_await stream.stream->close_write();
}

TEST(Identify, tells_many_changes_in_no_more_pushes_than_peers_take) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  answer_with(a, {speaking({kPushProtocol}).encode()});
  std::size_t pushes = 0;
  a.swarm.protocols().add(kPushProtocol, [&pushes](net::ProtocolStream stream) {
    return count_push(std::move(stream), pushes);
  });
  Known known(b);
  a.connect(b);
  net.world.run_for(1s);
  for (int number = 0; number < 100; ++number) {
    b.swarm.protocols().add("/new/" + std::to_string(number), net::testing::echo);
    if (number >= 80) net.world.run_for(1s);
  }
  net.world.run_for(10s);
  EXPECT_EQ(pushes, 5U);  // at once, and after 5, 10, 15 and 20 s
}

TEST(Identify, E4_takes_ten_pushes_at_once_and_then_one_each_five_seconds) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  Known one(a);
  a.connect(b);
  net.world.run_for(1s);
  const auto push = [&](int number) {
    const std::string name = "/push/" + std::to_string(number);
    net.world.run(
        net::testing::failure_of(push_messages(b.swarm, a.id, {speaking({name}).encode()})));
    return a.swarm.peers().speaks(b.id, name);
  };
  const TimePoint begin = net.world.now();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(push(i)) << i;
  EXPECT_LT(net.world.now() - begin, 5s);
  EXPECT_FALSE(push(10));
  net.world.run_until(begin + 6s);
  EXPECT_TRUE(push(11));
  EXPECT_FALSE(push(12));
  EXPECT_NE(a.swarm.best(b.id), nullptr);
}

TEST(Identify, A6_ignores_one_who_shows_the_key_of_another) {
  Message lie = speaking({"/lie/1"});
  lie.public_key = encode_public_key(key_of(99).public_key());
  Answered answered({lie.encode()});
  EXPECT_EQ(answered.protocols(), nullptr);
}

TEST(Identify, A4_A5_E6_ignores_one_who_shows_the_record_of_another) {
  Message lie = speaking({"/lie/1"});
  lie.signed_peer_record =
      seal_peer_record(key_of(99), 1, {Multiaddr::parse("/ip4/203.0.113.1/tcp/1")});
  Answered answered({lie.encode()});
  EXPECT_EQ(answered.protocols(), nullptr);
  const PeerId victim = PeerId::from_public_key(key_of(99).public_key());
  EXPECT_THAT(answered.asker.swarm.peers().addresses(victim), IsEmpty());
}

TEST(Identify, takes_the_rest_from_one_whose_record_is_of_another_kind) {
  Message odd = speaking({"/x/1"});
  const Multiaddr address = Multiaddr::parse("/ip4/198.51.100.7/tcp/4");
  odd.listen_addresses = {address.encoded()};
  odd.signed_peer_record = seal_envelope(key_of(1), "libp2p-routing-state",
                                         as_bytes("/libp2p/routing-state-record"), Bytes(1));
  Answered answered({odd.encode()});
  EXPECT_TRUE(answered.asker.swarm.peers().speaks(answered.liar.id, "/x/1"));
  EXPECT_THAT(answered.asker.swarm.peers().addresses(answered.liar.id), Contains(address));
}

TEST(Identify, A6_ignores_a_push_with_the_key_of_another) {
  Message lie = speaking({"/lie/1"});
  lie.public_key = encode_public_key(key_of(99).public_key());
  Answered answered({speaking({"/true/1"}).encode()});
  net::Swarm& liar = answered.liar.swarm;
  answered.net.world.run(
      net::testing::failure_of(push_messages(liar, answered.asker.id, {lie.encode()})));
  EXPECT_FALSE(answered.asker.swarm.peers().speaks(answered.liar.id, "/lie/1"));
  EXPECT_TRUE(answered.asker.swarm.peers().speaks(answered.liar.id, "/true/1"));
}

std::vector<Bytes> in_messages(std::size_t messages, std::size_t protocols_each) {
  std::vector<Bytes> out;
  std::size_t number = 0;
  for (std::size_t i = 0; i < messages; ++i) {
    Message part;
    for (std::size_t k = 0; k < protocols_each; ++k) {
      part.protocols.push_back("/p/" + std::to_string(number++));
    }
    out.push_back(part.encode());
  }
  return out;
}

TEST(Identify, E1_merges_ten_messages_and_leaves_the_eleventh) {
  Answered ten(in_messages(10, 1));
  ASSERT_NE(ten.protocols(), nullptr);
  EXPECT_EQ(ten.protocols()->size(), 10U);
  Answered eleven(in_messages(11, 1));
  ASSERT_NE(eleven.protocols(), nullptr);
  EXPECT_EQ(eleven.protocols()->size(), 10U);
}

TEST(Identify, E1_takes_1024_protocols_and_refuses_one_more) {
  Answered most(in_messages(4, 256));
  ASSERT_NE(most.protocols(), nullptr);
  EXPECT_EQ(most.protocols()->size(), 1024U);
  std::vector<Bytes> messages = in_messages(4, 256);
  messages.push_back(speaking({"/one/more"}).encode());
  Answered more(messages);
  EXPECT_EQ(more.protocols(), nullptr);
}

TEST(Identify, E1_refuses_a_message_of_more_than_8_kib) {
  Message large = speaking({"/x/1"});
  large.observed_address = Bytes(Message::kMaxBytes, 1);
  Answered answered({large.encode()});
  EXPECT_EQ(answered.protocols(), nullptr);
  EXPECT_NE(answered.asker.swarm.best(answered.liar.id), nullptr);
}

TEST(Identify, leaves_out_addresses_of_kinds_it_does_not_know) {
  Message mixed = speaking({"/x/1"});
  mixed.listen_addresses = {Bytes{0xff, 0xff, 0x03, 1, 2},
                            Multiaddr::parse("/ip4/198.51.100.7/tcp/4").encoded()};
  Answered answered({mixed.encode()});
  EXPECT_THAT(answered.asker.swarm.peers().addresses(answered.liar.id),
              Contains(Multiaddr::parse("/ip4/198.51.100.7/tcp/4")));
}

TEST(Identify, E1_asks_no_longer_than_five_seconds) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  Known one(a);
  b.swarm.protocols().add(kProtocol, [&b](net::ProtocolStream stream) {
    return [](System& system, net::ProtocolStream) -> Task<void> {
      co_await system.clock.sleep_for(1h);
    }(b.system, std::move(stream));
  });
  a.connect(b);
  net.world.run_for(4s);
  EXPECT_EQ(a.swarm.best(b.id)->stream_count(), 1U);
  net.world.run_for(2s);
  EXPECT_EQ(a.swarm.best(b.id)->stream_count(), 0U);
}

Task<void> ask_again(net::Swarm& swarm, PeerId peer, int& answers) {
  net::ProtocolStream stream = co_await swarm.open(std::move(peer), {kProtocol});
  co_await stream.stream->close_write();
  const auto answer = co_await net::read_message(*stream.stream, Message::kMaxBytes);
  if (answer) ++answers;
}

TEST(Identify, E4_answers_so_often_and_then_once_a_second) {
  TestNet net(1ms);
  TestNode& a = net.add();
  TestNode& b = net.add();
  Known one(a);
  a.connect(b);
  net.world.run_for(1s);
  int answers = 0;
  const auto ask = [&](int times) {
    for (int i = 0; i < times; ++i) {
      net.world.run(net::testing::failure_of(ask_again(b.swarm, a.id, answers)));
    }
  };
  ask(static_cast<int>(Identify::kAnswerBurst) + 1);
  EXPECT_EQ(answers, static_cast<int>(Identify::kAnswerBurst));
  net.world.run_for(2s);
  ask(1);
  EXPECT_EQ(answers, static_cast<int>(Identify::kAnswerBurst) + 1);
}

TEST(Identify, E9_a_record_from_the_far_future_moves_no_clock) {
  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  Known one(a);
  Message extreme = speaking({"/x/1"});
  extreme.signed_peer_record =
      seal_peer_record(b.identity, ~std::uint64_t{0}, {Multiaddr::parse("/ip4/203.0.113.1/tcp/1")});
  answer_with(b, {extreme.encode()});
  const WallTime before = a.system.clock.wall_now();
  a.connect(b);
  net.world.run_for(10s);
  EXPECT_LT(a.system.clock.wall_now() - before, 11s);
  EXPECT_THAT(a.swarm.peers().addresses(b.id),
              Contains(Multiaddr::parse("/ip4/203.0.113.1/tcp/1")));
  net.world.run_for(2h);
  EXPECT_THAT(a.swarm.peers().addresses(b.id),
              ::testing::Not(Contains(Multiaddr::parse("/ip4/203.0.113.1/tcp/1"))));
}

}  // namespace
}  // namespace shoal::identify
