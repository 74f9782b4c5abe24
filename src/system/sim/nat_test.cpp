#include "system/sim/nat.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "system/sim/test_hosts.h"
#include "system/timeout.h"

namespace shoal::sim {
namespace {

constexpr std::uint16_t kNatPort = 4001;

IpAddress inside_address(std::uint8_t network, std::uint8_t host) {
  return IpAddress::v4({192, 168, network, host});
}

/// Two homes, each with a NAT, and two servers in the open.
class NatTest : public ::testing::Test {
 protected:
  struct Home {
    Home(World& world, std::uint8_t number, NatOptions options) : nat(world, options) {
      host = &world.add_host({.addresses = {inside_address(number, 2)}, .routed = false});
      nat.add(*host);
      other = &world.add_host({.addresses = {inside_address(number, 3)}, .routed = false});
      nat.add(*other);
    }
    Nat nat;
    Host* host;
    Host* other;
  };

  Home& home(NatOptions options) {
    const auto number = static_cast<std::uint8_t>(homes_.size() + 1);
    options.address = IpAddress::v4({198, 51, 100, number});
    homes_.push_back(std::make_unique<Home>(world, number, options));
    return *homes_.back();
  }

  std::unique_ptr<DatagramSocket> bind(Host& host, std::uint16_t port = kNatPort) {
    return host.system().network.bind({host.address(), port});
  }
  void send(DatagramSocket& from, Endpoint to) { from.send(to, as_bytes("hello")); }
  /// Where the next datagram came from; none within a second.
  std::optional<Endpoint> received(Host& host, DatagramSocket& socket) {
    Bytes buffer(100);
    try {
      Task<DatagramSocket::Received> receiving = socket.receive(buffer);
      return world.run(within(host.system().clock, 1s, std::move(receiving), "a datagram")).from;
    } catch (const Error&) {
      return std::nullopt;
    }
  }
  /// Where a server sees what is sent to it.
  std::optional<Endpoint> seen_by(Host& server, DatagramSocket& its, DatagramSocket& from) {
    send(from, its.local());
    return received(server, its);
  }

  World world;
  Host& one = world.add_host();
  Host& two = world.add_host();
  std::unique_ptr<DatagramSocket> at_one = bind(one);
  std::unique_ptr<DatagramSocket> at_two = bind(two);
  std::unique_ptr<DatagramSocket> at_two_elsewhere = bind(two, 5000);

 private:
  std::vector<std::unique_ptr<Home>> homes_;
};

TEST_F(NatTest, endpoint_independent_mapping_is_the_same_for_all) {
  Home& a = home({});
  const auto socket = bind(*a.host);
  const Endpoint expected{a.nat.address(), kNatPort};
  EXPECT_EQ(seen_by(one, *at_one, *socket), expected);
  EXPECT_EQ(seen_by(two, *at_two, *socket), expected);
  const auto neighbour = bind(*a.other);
  EXPECT_NE(seen_by(one, *at_one, *neighbour), expected);
}

TEST_F(NatTest, address_dependent_mapping_has_a_port_for_each_host) {
  Home& a = home({.mapping = NatDependence::address, .ports = NatPorts::random});
  const auto socket = bind(*a.host);
  const auto first = seen_by(two, *at_two, *socket);
  EXPECT_EQ(seen_by(two, *at_two_elsewhere, *socket), first);
  EXPECT_NE(seen_by(one, *at_one, *socket), first);
}

TEST_F(NatTest, symmetric_mapping_has_a_port_for_each_endpoint) {
  Home& a = home({.mapping = NatDependence::address_and_port, .ports = NatPorts::sequential});
  const auto socket = bind(*a.host);
  const auto first = seen_by(two, *at_two, *socket);
  ASSERT_TRUE(first.has_value());
  const Endpoint next{first->address, static_cast<std::uint16_t>(first->port + 1)};
  EXPECT_EQ(seen_by(two, *at_two_elsewhere, *socket), next);
  EXPECT_EQ(seen_by(two, *at_two, *socket), first);
}

TEST_F(NatTest, filtering_lets_in_what_its_class_says) {
  for (const auto filtering :
       {NatDependence::none, NatDependence::address, NatDependence::address_and_port}) {
    Home& a = home({.filtering = filtering});
    const auto socket = bind(*a.host);
    const auto outside = seen_by(two, *at_two, *socket);
    ASSERT_TRUE(outside.has_value());
    const auto comes_in = [&](DatagramSocket& from) {
      send(from, *outside);
      return received(*a.host, *socket).has_value();
    };
    EXPECT_TRUE(comes_in(*at_two));
    EXPECT_EQ(comes_in(*at_two_elsewhere), filtering != NatDependence::address_and_port);
    EXPECT_EQ(comes_in(*at_one), filtering == NatDependence::none);
  }
}

TEST_F(NatTest, mappings_of_datagrams_end_after_their_time) {
  Home& a = home({.ports = NatPorts::random, .datagram_timeout = 30s});
  const auto socket = bind(*a.host);
  const auto first = seen_by(one, *at_one, *socket);
  world.run_for(20s);
  EXPECT_EQ(seen_by(one, *at_one, *socket), first);
  world.run_for(40s);
  send(*at_one, *first);
  EXPECT_FALSE(received(*a.host, *socket).has_value());
  EXPECT_NE(seen_by(one, *at_one, *socket), first);
}

TEST_F(NatTest, hairpin_is_as_configured) {
  for (const bool hairpin : {false, true}) {
    Home& a = home({.filtering = NatDependence::none, .hairpin = hairpin});
    const auto socket = bind(*a.host);
    const auto outside = seen_by(one, *at_one, *socket);
    const auto neighbour = bind(*a.other, 7000);
    send(*neighbour, *outside);
    EXPECT_EQ(received(*a.host, *socket).has_value(), hairpin);
    send(*neighbour, socket->local());
    EXPECT_TRUE(received(*a.host, *socket).has_value()) << "by the private address";
  }
}

Task<void> connect_into(System& system, Endpoint to, std::uint16_t port,
                        std::unique_ptr<HostStream>& into) {
  Task<std::unique_ptr<HostStream>> connecting = system.network.connect(to, {.local_port = port});
  try {
    into = co_await within(system.clock, 5s, std::move(connecting), "connecting");
  } catch (const Error&) {
    // Seen by what is not there.
  }
}

struct Both {
  std::unique_ptr<HostStream> a, b;
};

Both connect_at_once(World& world, Host& a, Endpoint to_a, Host& b, Endpoint to_b,
                     Duration later = {}) {
  Both out;
  TaskGroup tasks(world.waits(), "connecting");
  tasks.spawn(connect_into(a.system(), to_b, kNatPort, out.a));
  world.run_for(later);
  tasks.spawn(connect_into(b.system(), to_a, kNatPort, out.b));
  world.run(tasks.join());
  return out;
}

TEST_F(NatTest, two_hosts_that_connect_at_once_have_one_stream) {
  const auto listening = one.system().network.listen({one.address(), kNatPort});
  Both both =
      connect_at_once(world, one, {one.address(), kNatPort}, two, {two.address(), kNatPort});
  ASSERT_NE(both.a, nullptr);
  ASSERT_NE(both.b, nullptr);
  world.run(write_all(*both.a, as_bytes("hello")));
  Bytes got(5);
  world.run(read_exactly(*both.b, got));
  EXPECT_EQ(as_text(got), "hello");
  EXPECT_EQ(one.stream_count(), 1u);
}

TEST_F(NatTest, streams_pass_two_strict_filters_by_connecting_at_once) {
  Home& a = home({});
  Home& b = home({});
  const Endpoint to_a{a.nat.address(), kNatPort}, to_b{b.nat.address(), kNatPort};
  for (const Duration later : {0ms, 10ms, 400ms}) {
    // What a rendezvous server sees; it also makes the mapping.
    for (Home* each : {&a, &b}) {
      const auto listening = one.system().network.listen({one.address(), 6000});
      std::unique_ptr<HostStream> stream;
      world.run(connect_into(each->host->system(), listening->local(), kNatPort, stream));
      EXPECT_NE(stream, nullptr);
    }
    Both both = connect_at_once(world, *a.host, to_a, *b.host, to_b, later);
    ASSERT_NE(both.a, nullptr) << later.count();
    ASSERT_NE(both.b, nullptr);
    EXPECT_EQ(both.a->remote(), to_b);
    world.run(write_all(*both.a, as_bytes("hello")));
    Bytes got(5);
    world.run(read_exactly(*both.b, got));
    both = {};
    world.run_for(1min);
    a.nat.forget();
    b.nat.forget();
  }
}

TEST_F(NatTest, streams_do_not_pass_symmetric_nats) {
  const NatOptions symmetric{.mapping = NatDependence::address_and_port, .ports = NatPorts::random};
  Home& a = home(symmetric);
  Home& b = home(symmetric);
  const Both both = connect_at_once(world, *a.host, {a.nat.address(), kNatPort}, *b.host,
                                    {b.nat.address(), kNatPort});
  EXPECT_EQ(both.a, nullptr);
  EXPECT_EQ(both.b, nullptr);
}

TEST_F(NatTest, nobody_outside_reaches_a_private_address) {
  Home& a = home({.filtering = NatDependence::none});
  const auto socket = bind(*a.host);
  send(*at_one, socket->local());
  EXPECT_FALSE(received(*a.host, *socket).has_value());
}

}  // namespace
}  // namespace shoal::sim
