#include <gtest/gtest.h>

#include "net/framing.h"
#include "net/swarm_testing.h"
#include "net/transport/quic/quic.h"
#include "net/transport/quic/quic_address.h"
#include "protocol/autonat/client.h"
#include "protocol/autonat/message.h"
#include "protocol/autonat/reachability.h"
#include "protocol/autonat/server.h"

namespace shoal::autonat {
namespace {

using net::testing::failure_of;
using net::testing::key_of;
using net::testing::TestNet;
using net::testing::TestNode;

/// One that dials for others, by an identity of its own.
struct Serving {
  explicit Serving(TestNode& its_node, std::uint32_t seed)
      : node(its_node), upgrader(node.system, key_of(seed), net::Bandwidth{node.up, node.down}) {
    std::vector<std::unique_ptr<net::Transport>> transports;
    transports.push_back(net::make_tcp_transport(node.system, upgrader));
    transports.push_back(net::make_quic_transport(node.system, upgrader));
    server.emplace(node.system, node.swarm, std::move(transports));
  }
  TestNode& node;
  net::Upgrader upgrader;
  std::optional<Server> server;
};

class AutoNat : public ::testing::Test {
 protected:
  AutoNat() { asker.connect(helper.node); }
  ~AutoNat() override {
    asker.stop();
    helper.node.stop();
    net.world.run(helper.server->stop());
  }

  std::optional<Probe> probe(std::vector<Multiaddr> addresses) {
    return net.world.run(client.probe(helper.node.id, std::move(addresses)));
  }
  Multiaddr at(const char* text) { return Multiaddr::parse(text); }
  /// Nobody listens there.
  Multiaddr closed() { return Multiaddr::tcp({asker.host.address(), 9}); }

  TestNet net;
  TestNode& asker = net.add();
  Serving helper{net.add(), 900};
  Client client{asker.system, asker.swarm};
};

TEST_F(AutoNat, finds_an_address_that_is_reached) {
  const auto found = probe({asker.address()});
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->reachable);
  EXPECT_EQ(found->address, asker.address());
}

TEST_F(AutoNat, finds_an_address_that_is_not) {
  const auto found = probe({closed(), asker.address()});
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE(found->reachable);
  EXPECT_EQ(found->address, closed());
}

TEST_F(AutoNat, finds_whether_it_is_reached_by_quic) {
  const auto address = [this](std::uint16_t port) {
    return quic::quic_address({asker.host.address(), port});
  };
  asker.swarm.add_transport(net::make_quic_transport(asker.system, asker.upgrader));
  asker.swarm.listen(quic::quic_address({IpAddress::any_v4(), TestNode::kPort}));
  const auto open = probe({address(TestNode::kPort)});
  ASSERT_TRUE(open.has_value());
  EXPECT_TRUE(open->reachable);
  const auto closed = probe({address(9)});
  ASSERT_TRUE(closed.has_value());
  EXPECT_FALSE(closed->reachable);
}

TEST_F(AutoNat, skips_what_it_cannot_dial) {
  const auto found = probe({at("/ip4/127.0.0.1/tcp/4001"), at("/ip4/192.168.7.7/tcp/4001"),
                            at("/dns4/example.com/tcp/4001"), asker.address()});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->address, asker.address());
}

TEST_F(AutoNat, refuses_when_there_is_nothing_to_dial) {
  EXPECT_FALSE(probe({at("/ip4/192.168.7.7/tcp/4001")}).has_value());
  EXPECT_FALSE(probe({}).has_value());
}

/// It may be a victim's: to have it dialled costs more than the dial.
TEST_F(AutoNat, a_foreign_ip_costs_data_first) {
  TestNode& victim = net.add();
  const Multiaddr foreign = Multiaddr::tcp({victim.host.address(), TestNode::kPort});
  const auto found = probe({foreign});
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE(found->reachable);  // another peer answers there
}

Task<std::vector<Message>> exchange(TestNode& from, PeerId to, std::vector<Message> sent) {
  net::ProtocolStream opened = co_await from.swarm.open(to, {kDialRequestProtocol});
  for (const Message& message : sent) {
    const Bytes encoded = encode(message);
    co_await net::write_message(*opened.stream, encoded);
  }
  std::vector<Message> out;
  while (true) {
    const auto bytes = co_await net::read_message(*opened.stream, kMaxMessageBytes);
    if (!bytes) break;
    out.push_back(decode(*bytes));
  }
  co_return out;
}

DialRequest request_for(const Multiaddr& address) {
  return {.addresses = {address.encoded()}, .nonce = 7};
}

TEST_F(AutoNat, who_does_not_pay_is_not_served) {
  TestNode& victim = net.add();
  const Multiaddr foreign = victim.address();
  const auto failure = net.world.run(
      failure_of(exchange(asker, helper.node.id, {request_for(foreign), DialRequest{.nonce = 7}})));
  EXPECT_TRUE(failure.has_value());
  EXPECT_EQ(victim.swarm.connections().all().size(), 0U);
}

TEST_F(AutoNat, data_in_too_many_pieces_ends_the_request) {
  std::vector<Message> sent = {request_for(net.add().address())};
  for (int i = 0; i < 2049; ++i) sent.emplace_back(DialDataResponse{.data = {1}});
  EXPECT_TRUE(net.world.run(failure_of(exchange(asker, helper.node.id, sent))).has_value());
}

TEST_F(AutoNat, a_peer_that_asks_too_often_is_rejected) {
  std::size_t served = 0;
  for (int i = 0; i < 10; ++i) served += probe({asker.address()}).has_value() ? 1 : 0;
  EXPECT_GE(served, 6U);
  EXPECT_LT(served, 10U);
  net.world.run_for(1min);
  EXPECT_TRUE(probe({asker.address()}).has_value());
}

TEST_F(AutoNat, a_dial_back_that_nobody_waits_for_is_refused) {
  struct Say {
    static Task<void> nonce(TestNode& from, PeerId to) {
      net::ProtocolStream opened = co_await from.swarm.open(to, {kDialBackProtocol});
      const Bytes message = encode_dial_back(42);
      co_await net::write_message(*opened.stream, message);
      Bytes one(1);
      co_await read_exactly(*opened.stream, one);
    }
  };
  EXPECT_TRUE(net.world.run(failure_of(Say::nonce(helper.node, asker.id))).has_value());
}

/// It says that it has dialled, and has not.
TEST_F(AutoNat, a_liar_convinces_nobody) {
  TestNode& liar = net.add();
  struct Lie {
    static Task<void> serve(net::ProtocolStream stream) {
      (void)co_await net::read_message(*stream.stream, kMaxMessageBytes);
      const Bytes answer =
          encode(DialResponse{.status = ResponseStatus::ok, .dial_status = DialStatus::ok});
      co_await net::write_message(*stream.stream, answer);
      co_await stream.stream->close_write();
    }
  };
  liar.swarm.protocols().add(kDialRequestProtocol, Lie::serve);
  asker.connect(liar);
  EXPECT_FALSE(net.world.run(client.probe(liar.id, {asker.address()})).has_value());
}

/// What is known without identify: whoever is connected serves.
class Reaching : public AutoNat {
 protected:
  Reaching() { speaks(helper.node); }
  ~Reaching() override { net.world.run(reachability.stop()); }

  void speaks(TestNode& server) {
    asker.swarm.peers().set_protocols(server.id, {kDialRequestProtocol});
  }
  void run() {
    reachability.start();
    net.world.run_for(1min);
  }

  std::vector<Multiaddr> candidates;
  std::vector<std::pair<Multiaddr, Reachable>> changes;
  Reachability reachability{
      asker.system, asker.swarm, client, [this] { return candidates; },
      [this](const Multiaddr& address, Reachable state) { changes.emplace_back(address, state); }};
};

TEST_F(Reaching, tells_addresses_apart) {
  candidates = {asker.address(), closed()};
  run();
  EXPECT_EQ(reachability.state(asker.address()), Reachable::yes);
  EXPECT_EQ(reachability.state(closed()), Reachable::no);
  EXPECT_TRUE(reachability.is_reachable());
  EXPECT_EQ(changes.size(), 2U);
}

TEST_F(Reaching, notices_that_an_address_was_lost) {
  candidates = {asker.address()};
  run();
  candidates.clear();
  net.world.run_for(10s);
  EXPECT_FALSE(reachability.is_reachable());
  EXPECT_EQ(changes.back().second, Reachable::unknown);
}

TEST_F(Reaching, believes_the_majority) {
  Serving second{net.add(), 901};
  TestNode& liar = net.add();
  struct Lie {
    static Task<void> serve(net::ProtocolStream stream) {
      (void)co_await net::read_message(*stream.stream, kMaxMessageBytes);
      const Bytes answer =
          encode(DialResponse{.status = ResponseStatus::ok, .dial_status = DialStatus::dial_error});
      co_await net::write_message(*stream.stream, answer);
      co_await stream.stream->close_write();
    }
  };
  liar.swarm.protocols().add(kDialRequestProtocol, Lie::serve);
  for (TestNode* node : {&second.node, &liar}) {
    asker.connect(*node);
    speaks(*node);
  }
  candidates = {asker.address()};
  run();
  EXPECT_EQ(reachability.state(asker.address()), Reachable::yes);
}

TEST_F(Reaching, asks_no_third_when_two_agree) {
  Serving second{net.add(), 901};
  // Servers are asked in the order of their ids.
  TestNode* last = &net.add();
  while (last->id < std::max(helper.node.id, second.node.id)) last = &net.add();
  TestNode& third = *last;
  int asked = 0;
  third.swarm.protocols().add(kDialRequestProtocol, [&asked](net::ProtocolStream) -> Task<void> {
    ++asked;
    co_return;
  });
  for (TestNode* node : {&second.node, &third}) {
    asker.connect(*node);
    speaks(*node);
  }
  candidates = {asker.address()};
  run();
  EXPECT_EQ(reachability.state(asker.address()), Reachable::yes);
  EXPECT_EQ(asked, 0);
}

TEST(AutoNatMessage, survives_encoding) {
  for (const Message& message :
       {Message(DialRequest{.addresses = {{1, 2}, {}}, .nonce = 0x0102030405060708}),
        Message(DialResponse{ResponseStatus::ok, 3, DialStatus::dial_back_error}),
        Message(DialDataRequest{1, 100'000}), Message(DialDataResponse{Bytes(4096, 1)})}) {
    EXPECT_EQ(decode(encode(message)), message);
  }
  EXPECT_EQ(decode_dial_back(encode_dial_back(7)), 7U);
}

TEST(AutoNatMessage, bounds_addresses_and_data) {
  DialRequest request;
  request.addresses.resize(DialRequest::kMaxAddresses);
  EXPECT_NO_THROW((void)decode(encode(request)));
  request.addresses.emplace_back();
  EXPECT_THROW((void)decode(encode(request)), Error);
  EXPECT_THROW((void)decode(encode(DialDataResponse{Bytes(4097)})), Error);
  EXPECT_THROW((void)decode({}), Error);
}

}  // namespace
}  // namespace shoal::autonat
