#include "system/sim/datagrams.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal::sim {
namespace {

constexpr std::uint16_t kDatagramPort = 9000;

struct Sockets {
  explicit Sockets(WorldOptions options, HostOptions sender = {}, HostOptions receiver = {})
      : world(std::move(options)),
        a(world.add_host(std::move(sender))),
        b(world.add_host(std::move(receiver))),
        from(a.system().network.bind({IpAddress::any_v4(), 0})),
        to(b.system().network.bind({IpAddress::any_v4(), kDatagramPort})) {}

  void send(std::size_t bytes) { from->send({b.address(), kDatagramPort}, Bytes(bytes, 1)); }
  /// How many arrive from now on, within a minute.
  int count() {
    TaskGroup tasks(world.waits(), "receiver");
    int arrived = 0;
    tasks.spawn(count_into(*to, arrived));
    world.run_for(1min);
    world.run(tasks.stop());
    return arrived;
  }
  static Task<void> count_into(DatagramSocket& socket, int& arrived) {
    Bytes buffer(DatagramSocket::kMaxBytes);
    while (true) {
      const auto got = co_await socket.receive(buffer);
      if (got.bytes > 0) ++arrived;
    }
  }

  World world;
  Host& a;
  Host& b;
  std::unique_ptr<DatagramSocket> from;
  std::unique_ptr<DatagramSocket> to;
};

TEST(Datagrams, arrive_after_the_latency_with_their_sender) {
  Sockets net({.path = {.latency = 40ms}});
  net.send(100);
  const TimePoint begin = net.world.now();
  Bytes buffer(1000);
  const auto got = net.world.run(net.to->receive(buffer));
  EXPECT_EQ(net.world.now() - begin, 40ms);
  EXPECT_EQ(got.bytes, 100U);
  EXPECT_EQ(got.from, (Endpoint{net.a.address(), net.from->local().port}));
}

TEST(Datagrams, are_cut_to_the_reader) {
  Sockets net({});
  net.send(100);
  Bytes buffer(10);
  EXPECT_EQ(net.world.run(net.to->receive(buffer)).bytes, 10U);
}

TEST(Datagrams, that_are_sent_in_a_row_arrive_one_by_one) {
  Sockets net({.path = {.mtu = 1400}});
  Bytes row(2500, 7);
  row[1000] = 8;
  row[2000] = 9;
  const DatagramSocket::SendOptions options{.segment_bytes = 1000, .ecn = 2};
  EXPECT_EQ(net.from->send({net.b.address(), kDatagramPort}, row, options), SendResult::sent);
  Bytes buffer(5000);
  for (const std::size_t expected : {1000U, 1000U, 500U}) {
    const auto got = net.world.run(net.to->receive(buffer));
    EXPECT_EQ(got.bytes, expected);
    EXPECT_EQ(got.segment_bytes, 0);
    EXPECT_EQ(got.ecn, 2);
  }
  EXPECT_EQ(buffer[0], 9);
}

TEST(Datagrams, in_a_row_have_a_bound) {
  Sockets net({});
  const Endpoint to{net.b.address(), kDatagramPort};
  const DatagramSocket::SendOptions options{.segment_bytes = 100};
  EXPECT_EQ(net.from->send(to, Bytes(100 * DatagramSocket::kMaxSegments), options),
            SendResult::sent);
  EXPECT_EQ(net.from->send(to, Bytes(100 * DatagramSocket::kMaxSegments + 1), options),
            SendResult::too_large);
}

TEST(Datagrams, of_one_sender_are_received_together_where_asked) {
  Sockets net({});
  auto batching =
      net.b.system().network.bind({IpAddress::any_v4(), kDatagramPort + 1}, {.batches = true});
  const Endpoint to{net.b.address(), kDatagramPort + 1};
  for (const std::size_t size : {700U, 700U, 300U, 700U}) net.from->send(to, Bytes(size, 1));
  net.world.run_for(1s);
  Bytes buffer(5000);
  const auto first = net.world.run(batching->receive(buffer));
  EXPECT_EQ(first.bytes, 1700U);
  EXPECT_EQ(first.segment_bytes, 700);
  const auto second = net.world.run(batching->receive(buffer));
  EXPECT_EQ(second.bytes, 700U);
  EXPECT_EQ(second.segment_bytes, 0);
}

TEST(Datagrams, leave_from_the_address_that_was_asked_for) {
  Sockets net({});
  Bytes buffer(100);
  net.from->send({net.b.address(), kDatagramPort}, Bytes(10), {.from = net.a.address()});
  EXPECT_EQ(net.world.run(net.to->receive(buffer)).from.address, net.a.address());
  EXPECT_EQ(net.from->send({net.b.address(), kDatagramPort}, Bytes(10), {.from = net.b.address()}),
            SendResult::unreachable);
}

TEST(Datagrams, are_lost_as_often_as_told) {
  Sockets net({.path = {.loss = 0.2}});
  for (int i = 0; i < 2000; ++i) net.send(100);
  EXPECT_NEAR(net.count(), 1600, 80);
}

TEST(Datagrams, are_doubled_as_often_as_told) {
  Sockets net({.path = {.duplication = 0.5}});
  for (int i = 0; i < 1000; ++i) net.send(100);
  EXPECT_NEAR(net.count(), 1500, 80);
}

TEST(Datagrams, above_the_mtu_are_lost) {
  Sockets net({.path = {.mtu = 1400}});
  net.send(1400 - 28);
  net.send(1400 - 27);
  EXPECT_EQ(net.count(), 1);
}

TEST(Datagrams, a_full_queue_loses_the_rest) {
  Sockets net({}, {.up = 100'000, .queue_bytes = 10'000});
  for (int i = 0; i < 100; ++i) net.send(1000 - 28);
  EXPECT_EQ(net.count(), 10);
}

TEST(Datagrams, a_line_passes_them_at_its_rate) {
  Sockets net({.path = {.latency = 0ms}}, {}, {.down = 100'000});
  for (int i = 0; i < 50; ++i) net.send(1000 - 28);
  const TimePoint begin = net.world.now();
  Bytes buffer(1000);
  for (int i = 0; i < 50; ++i) net.world.run(net.to->receive(buffer));
  EXPECT_EQ(net.world.now() - begin, 500ms);
}

TEST(Datagrams, a_full_socket_loses_the_rest) {
  Sockets net({});
  for (std::size_t i = 0; i < HostSocket::kBufferBytes / 1024 + 10; ++i) net.send(1024);
  net.world.run_for(1s);
  EXPECT_EQ(net.count(), static_cast<int>(HostSocket::kBufferBytes / 1024));
}

TEST(Datagrams, do_not_cross_a_partition_until_it_heals) {
  Sockets net({});
  net.send(1);  // on its way when the net splits
  net.world.partition({&net.a}, {&net.b});
  net.send(1);
  EXPECT_EQ(net.count(), 0);
  net.world.heal();
  net.send(1);
  EXPECT_EQ(net.count(), 1);
}

TEST(Datagrams, do_not_reach_a_host_that_is_offline) {
  Sockets net({});
  net.b.set_online(false);
  EXPECT_EQ(net.b.system().network.local_addresses().size(), 1U);
  net.send(1);
  EXPECT_EQ(net.count(), 0);
  net.b.set_online(true);
  net.send(1);
  EXPECT_EQ(net.count(), 1);
}

TEST(Datagrams, follow_a_host_that_moves) {
  Sockets net({});
  const IpAddress moved = *IpAddress::parse("192.0.2.77");
  net.b.set_addresses({moved});
  net.from->send({moved, kDatagramPort}, Bytes(1));
  EXPECT_EQ(net.count(), 1);
}

/// A NAT in a few lines: everything leaves under one address and one port.
class OnePortNat final : public Hop {
 public:
  explicit OnePortNat(Endpoint inside) : inside_(inside) {}
  std::optional<TimePoint> pass(Packet& packet, TimePoint at) override {
    if (packet.from == inside_) {
      packet.from.port = 1;
    } else {
      packet.to.port = inside_.port;
    }
    return at;
  }

 private:
  Endpoint inside_;
};

TEST(Datagrams, pass_through_hops_that_rewrite_them) {
  Sockets net({});
  OnePortNat nat({net.a.address(), net.from->local().port});
  net.a.add_outward_hop(nat);
  net.a.add_inward_hop(nat);
  net.send(5);
  Bytes buffer(10);
  const auto got = net.world.run(net.to->receive(buffer));
  EXPECT_EQ(got.from.port, 1);
  net.to->send(got.from, Bytes(3));
  EXPECT_EQ(net.world.run(net.from->receive(buffer)).bytes, 3U);
}

/// Several hosts under one address, by a port for each.
class SharedNat final : public Hop {
 public:
  explicit SharedNat(IpAddress outside) : outside_(outside) {}
  std::optional<TimePoint> pass(Packet& packet, TimePoint at) override {
    if (packet.to.address == outside_) {
      packet.to = insides_.at(packet.to.port - 1);
    } else {
      const auto found = std::ranges::find(insides_, packet.from);
      const auto port = found - insides_.begin() + 1;
      if (found == insides_.end()) {
        insides_.push_back(packet.from);
        hosts_.push_back(packet.source);
      }
      packet.from = {outside_, static_cast<std::uint16_t>(port)};
    }
    return at;
  }
  std::optional<std::uint32_t> route(const Packet& packet) const {
    if (packet.to.port == 0 || packet.to.port > hosts_.size()) return std::nullopt;
    return hosts_[packet.to.port - 1];
  }

 private:
  IpAddress outside_;
  std::vector<Endpoint> insides_;
  std::vector<std::uint32_t> hosts_;
};

TEST(Datagrams, hosts_behind_one_nat_are_found_by_what_they_sent) {
  Sockets net({});
  const IpAddress outside = *IpAddress::parse("192.0.2.1");
  SharedNat nat(outside);
  net.world.set_route(outside, [&nat](const Packet& packet) { return nat.route(packet); });
  Bytes buffer(10);
  for (std::uint16_t i = 1; i <= 2; ++i) {
    // The two have the same private address, in two homes.
    Host& host =
        net.world.add_host({.addresses = {*IpAddress::parse("192.168.1.2")}, .routed = false});
    host.add_outward_hop(nat);
    host.add_inward_hop(nat);
    const auto socket =
        host.system().network.bind({IpAddress::any_v4(), static_cast<std::uint16_t>(1000 + i)});
    socket->send({net.b.address(), kDatagramPort}, Bytes(1));
    const auto got = net.world.run(net.to->receive(buffer));
    EXPECT_EQ(got.from, (Endpoint{outside, i}));
    net.to->send(got.from, Bytes(i));
    EXPECT_EQ(net.world.run(socket->receive(buffer)).bytes, i);
  }
}

}  // namespace
}  // namespace shoal::sim
