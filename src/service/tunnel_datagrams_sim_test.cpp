#include <gtest/gtest.h>

#include <set>

#include "service/tunnel_testing.h"
#include "system/task_group.h"

namespace shoal::service {
namespace {

using testing::kLocalPort;
using testing::TestNode;
using testing::Tunnel;
using State = TunnelEvent::State;

constexpr std::uint16_t kUdpPort = 53;

/// A UDP service on the host of a node, which sends back what it gets.
class Echo {
 public:
  explicit Echo(TestNode& node)
      : node_(node),
        socket_(node.system.network.bind({IpAddress::loopback_v4(), kUdpPort})),
        tasks_(node.system.waits, "echo") {
    tasks_.spawn(serve());
  }
  ~Echo() { node_.host.world().run(tasks_.stop()); }

  std::vector<Endpoint> from;
  bool silent = false;

 private:
  Task<void> serve() {
    Bytes buffer(DatagramSocket::kMaxBytes);
    while (true) {
      const DatagramSocket::Received got = co_await socket_->receive(buffer);
      from.push_back(got.from);
      if (!silent) socket_->send(got.from, ByteView(buffer).first(got.bytes));
    }
  }

  TestNode& node_;
  std::unique_ptr<DatagramSocket> socket_;
  TaskGroup tasks_;
};

/// A program beside the connector.
class Program {
 public:
  explicit Program(Tunnel::Client& client)
      : node_(client.node),
        socket_(node_.system.network.bind({IpAddress::loopback_v4(), 0})),
        tasks_(node_.system.waits, "program") {
    tasks_.spawn(receive());
  }
  ~Program() { node_.host.world().run(tasks_.stop()); }

  void send(const Bytes& datagram) {
    socket_->send({IpAddress::loopback_v4(), kLocalPort}, datagram);
  }
  std::vector<Bytes> got;

 private:
  Task<void> receive() {
    Bytes buffer(DatagramSocket::kMaxBytes);
    while (true) {
      const DatagramSocket::Received one = co_await socket_->receive(buffer);
      got.push_back(to_bytes(ByteView(buffer).first(one.bytes)));
    }
  }

  TestNode& node_;
  std::unique_ptr<DatagramSocket> socket_;
  TaskGroup tasks_;
};

struct DatagramTunnel : Tunnel {
  DatagramTunnel() {
    exposer.add(
        {.name = "web", .target = TunnelTarget::parse("udp://localhost:53"), .secret = secret});
  }
  Client& connect() {
    TunnelTicket with = ticket();
    with.datagrams = true;
    Client& client = add_client(with);
    net.world.run(client.connector.connect());
    client.listen();
    return client;
  }
};

TEST(TunnelDatagramsSim, carries_them_both_ways_each_sender_by_its_own_port) {
  DatagramTunnel tunnel;
  Echo echo(tunnel.server);
  Tunnel::Client& client = tunnel.connect();
  Program one(client);
  Program two(client);
  const std::vector<Bytes> sent = {Bytes(5, 'a'), Bytes(), Bytes(1400, 'b'), Bytes(20'000, 'c')};
  for (const Bytes& each : sent) one.send(each);
  two.send(Bytes{'2'});
  tunnel.net.world.run_for(1s);
  EXPECT_EQ(one.got, sent);
  EXPECT_EQ(two.got, std::vector<Bytes>({Bytes{'2'}}));
  EXPECT_EQ(tunnel.count(State::open), 2U);
  EXPECT_EQ(std::set(echo.from.begin(), echo.from.end()).size(), 2U);
}

TEST(TunnelDatagramsSim, a_sender_that_is_idle_for_two_minutes_is_forgotten) {
  DatagramTunnel tunnel;
  Echo echo(tunnel.server);
  Tunnel::Client& client = tunnel.connect();
  Program program(client);
  for (int i = 0; i < 4; ++i) {
    program.send(Bytes{'x'});
    tunnel.net.world.run_for(100s);
  }
  EXPECT_EQ(tunnel.count(State::open), 1U);
  EXPECT_EQ(tunnel.count(State::closed), 0U);
  tunnel.net.world.run_for(25s);
  ASSERT_EQ(tunnel.count(State::closed), 1U);
  EXPECT_EQ(tunnel.events.back().reason, "");
  EXPECT_EQ(tunnel.events.back().bytes_in, 4U);
  EXPECT_EQ(tunnel.events.back().bytes_out, 4U);
  EXPECT_EQ(tunnel.exposer.connections(), 0U);
  program.send(Bytes{'y'});
  tunnel.net.world.run_for(1s);
  EXPECT_EQ(program.got.size(), 5U);
}

TEST(TunnelDatagramsSim, of_257_senders_the_idlest_makes_room) {
  DatagramTunnel tunnel;
  Echo echo(tunnel.server);
  Tunnel::Client& client = tunnel.connect();
  std::vector<std::unique_ptr<Program>> programs;
  for (std::size_t i = 0; i < DatagramServer::kMaxSenders; ++i) {
    programs.push_back(std::make_unique<Program>(client));
    programs.back()->send(Bytes{'x'});
    tunnel.net.world.run_for(50ms);
  }
  EXPECT_EQ(tunnel.exposer.connections(), DatagramServer::kMaxSenders);
  EXPECT_EQ(tunnel.count(State::closed), 0U);
  Program late(client);
  for (int i = 0; i < 2; ++i) {
    late.send(Bytes{'x'});  // the first of them is lost
    tunnel.net.world.run_for(1s);
  }
  EXPECT_EQ(late.got.size(), 1U);
  EXPECT_EQ(tunnel.exposer.connections(), DatagramServer::kMaxSenders);
  EXPECT_EQ(tunnel.count(State::closed), 1U);
  programs.clear();
}

TEST(TunnelDatagramsSim, drops_what_the_stream_does_not_take) {
  DatagramTunnel tunnel;
  Echo echo(tunnel.server);
  echo.silent = true;
  Tunnel::Client& client = tunnel.connect();
  Program program(client);
  program.send(Bytes{'x'});
  tunnel.net.world.run_for(1s);
  // Far more at one moment than may wait.
  for (int i = 0; i < 2000; ++i) program.send(Bytes(1000, 'x'));
  tunnel.net.world.run_for(10s);
  EXPECT_GT(echo.from.size(), 100U);
  EXPECT_LT(echo.from.size(), 1000U);
  program.send(Bytes{'y'});
  const std::size_t before = echo.from.size();
  tunnel.net.world.run_for(1s);
  EXPECT_EQ(echo.from.size(), before + 1);
}

TEST(TunnelDatagramsSim, come_through_again_when_the_peer_is_back) {
  DatagramTunnel tunnel;
  Echo echo(tunnel.server);
  Tunnel::Client& client = tunnel.connect();
  Program program(client);
  program.send(Bytes{'1'});
  tunnel.net.world.run_for(1s);
  tunnel.server.swarm.disconnect(client.node.id);
  tunnel.net.world.run_for(5s);
  program.send(Bytes{'2'});
  tunnel.net.world.run_for(1s);
  EXPECT_EQ(program.got, (std::vector<Bytes>{Bytes{'1'}, Bytes{'2'}}));
}

TEST(TunnelDatagramsSim, a_ticket_for_connections_gets_none_and_the_reverse) {
  DatagramTunnel tunnel;
  Echo echo(tunnel.server);
  Tunnel::Client& client = tunnel.add_client(tunnel.ticket());
  tunnel.net.world.run(client.connector.connect());
  client.listen();
  const auto stream = client.dial();
  tunnel.net.world.run_for(1s);
  ASSERT_EQ(client.failed.size(), 1U);
  EXPECT_TRUE(client.failed[0].message().contains("datagrams only"));
  EXPECT_TRUE(echo.from.empty());
}

TEST(TunnelDatagramsSim, taking_a_service_back_ends_its_senders) {
  DatagramTunnel tunnel;
  Echo echo(tunnel.server);
  Tunnel::Client& client = tunnel.connect();
  Program program(client);
  program.send(Bytes{'x'});
  tunnel.net.world.run_for(1s);
  EXPECT_EQ(tunnel.exposer.connections(), 1U);
  tunnel.exposer.remove("web");
  tunnel.net.world.run_for(1s);
  EXPECT_EQ(tunnel.exposer.connections(), 0U);
}

}  // namespace
}  // namespace shoal::service
