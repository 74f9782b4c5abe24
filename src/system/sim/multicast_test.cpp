#include <gtest/gtest.h>

#include "base/error.h"
#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal::sim {
namespace {

const Endpoint kGroup{IpAddress::v4({224, 0, 0, 251}), 5353};
constexpr std::uint32_t kEthernet = 2;

/// A socket of the group's port on one host, and how much it receives.
struct Member {
  explicit Member(Host& host, BindOptions options = {.reuse = true})
      : socket(host.system().network.bind({IpAddress::any_v4(), kGroup.port}, options)),
        tasks(host.system().waits, "member") {}
  ~Member() = default;

  void join() { socket->join_group(kGroup.address, kEthernet); }
  SendResult send() { return socket->send(kGroup, as_bytes("hello")); }
  void count() { tasks.spawn(receive(*this)); }

  static Task<void> receive(Member& self) {
    Bytes buffer(100);
    while (true) {
      self.last = co_await self.socket->receive(buffer);
      ++self.received;
    }
  }

  std::unique_ptr<DatagramSocket> socket;
  DatagramSocket::Received last{};
  int received = 0;
  TaskGroup tasks;
};

struct Segment {
  Member& add(Host& host, BindOptions options = {.reuse = true}) {
    members.push_back(std::make_unique<Member>(host, options));
    members.back()->count();
    return *members.back();
  }
  ~Segment() {
    for (const auto& each : members) world.run(each->tasks.stop());
  }

  World world{{.path = {.latency = 2ms}}};
  Host& a = world.add_host({.lan = "home"});
  Host& b = world.add_host({.lan = "home"});
  Host& elsewhere = world.add_host({.lan = "office"});
  std::vector<std::unique_ptr<Member>> members;
};

TEST(Multicast, reaches_the_members_on_the_same_segment) {
  Segment segment;
  Member& sender = segment.add(segment.a);
  Member& member = segment.add(segment.b);
  Member& other = segment.add(segment.elsewhere);
  member.join();
  other.join();
  EXPECT_EQ(sender.send(), SendResult::sent);
  segment.world.run_for(2ms);
  EXPECT_EQ(member.received, 1);
  EXPECT_EQ(member.last.from, (Endpoint{segment.a.address(), kGroup.port}));
  EXPECT_EQ(member.last.to, kGroup.address);
  EXPECT_EQ(member.last.interface_index, kEthernet);
  EXPECT_EQ(sender.received + other.received, 0);
}

TEST(Multicast, ends_with_the_membership) {
  Segment segment;
  Member& sender = segment.add(segment.a);
  Member& member = segment.add(segment.b);
  member.join();
  member.socket->leave_group(kGroup.address, kEthernet);
  sender.send();
  segment.world.run_for(1s);
  EXPECT_EQ(member.received, 0);
}

TEST(Multicast, loops_back_to_every_member_of_the_host_if_asked) {
  Segment segment;
  Member& loud = segment.add(segment.a);
  Member& quiet = segment.add(segment.a, {.reuse = true, .multicast_loop = false});
  loud.join();
  quiet.join();
  loud.send();
  quiet.send();
  segment.world.run_for(1s);
  EXPECT_EQ(loud.received, 1);
  EXPECT_EQ(quiet.received, 1);
}

TEST(Multicast, shares_a_port_only_with_those_that_share_too) {
  Segment segment;
  segment.add(segment.a);
  EXPECT_NO_THROW(segment.add(segment.a));
  EXPECT_THROW(segment.add(segment.a, {}), Error);
}

TEST(Multicast, without_a_network_the_sender_is_told) {
  Segment segment;
  Member& sender = segment.add(segment.a);
  EXPECT_EQ(sender.socket->send(kGroup, as_bytes("x"), {.interface_index = 7}),
            SendResult::unreachable);
  segment.a.set_online(false);
  EXPECT_EQ(sender.send(), SendResult::unreachable);
  EXPECT_THROW(sender.join(), Error);
  EXPECT_EQ(sender.socket->send(kGroup, Bytes(DatagramSocket::kMaxBytes + 1)),
            SendResult::too_large);
}

TEST(Multicast, interfaces_come_and_go) {
  Segment segment;
  Network& network = segment.a.system().network;
  auto interfaces = network.interfaces();
  ASSERT_EQ(interfaces.size(), 2U);
  EXPECT_TRUE(interfaces[0].loopback);
  EXPECT_TRUE(interfaces[1].up && interfaces[1].multicast);
  EXPECT_EQ(interfaces[1].addresses.front().address, segment.a.address());
  segment.a.set_online(false);
  EXPECT_FALSE(network.interfaces()[1].up);
}

TEST(InterfaceAddress, covers_its_network) {
  const InterfaceAddress four{IpAddress::v4({10, 1, 2, 3}), 20};
  EXPECT_TRUE(four.covers(IpAddress::v4({10, 1, 15, 255})));
  EXPECT_FALSE(four.covers(IpAddress::v4({10, 1, 16, 0})));
  EXPECT_FALSE(four.covers(IpAddress::v6({10, 1})));
  const InterfaceAddress all{IpAddress::v4({10, 1, 2, 3}), 32};
  EXPECT_TRUE(all.covers(IpAddress::v4({10, 1, 2, 3})));
  EXPECT_FALSE(all.covers(IpAddress::v4({10, 1, 2, 2})));
  const InterfaceAddress none{IpAddress::v4({10, 1, 2, 3}), 0};
  EXPECT_TRUE(none.covers(IpAddress::v4({99, 0, 0, 1})));
}

}  // namespace
}  // namespace shoal::sim
