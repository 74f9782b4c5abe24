#include "system/os/multicast.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "system/os/test_world.h"
#include "system/timeout.h"

namespace shoal::os {
namespace {

/// Not one that anything else on this host joins.
IpAddress test_group(bool v6) {
  if (v6) return IpAddress::v6({0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x5a, 0x01});
  return IpAddress::v4({224, 0, 0, 199});
}

IpAddress any(bool v6) {
  return v6 ? IpAddress::any_v6() : IpAddress::any_v4();
}

std::optional<NetworkInterface> loopback_interface(System& system) {
  const auto all = system.network.interfaces();
  const auto found = std::ranges::find(all, true, &NetworkInterface::loopback);
  return found == all.end() ? std::nullopt : std::optional(*found);
}

bool speaks_v6(const NetworkInterface& interface) {
  return std::ranges::any_of(interface.addresses,
                             [](const auto& each) { return each.address.is_v6(); });
}

/// Two sockets that share a port both get what is sent to the group, and learn how it came.
Task<void> reaches_group(System& system, bool v6) {
  const auto loopback = loopback_interface(system);
  if (!loopback || (v6 && !speaks_v6(*loopback))) co_return;
  const BindOptions options{.reuse = true, .multicast_hops = 255};
  const auto one = system.network.bind({any(v6), 0}, options);
  const auto other = system.network.bind({any(v6), one->local().port}, options);
  for (const auto* each : {&one, &other}) {
    (*each)->join_group(test_group(v6), loopback->index);
    (*each)->join_group(test_group(v6), loopback->index);
  }
  const Endpoint group{test_group(v6), one->local().port};
  const SendResult sent = one->send(group, as_bytes("hello"), {.interface_index = loopback->index});
  // Linux has no IPv6 multicast on a loopback interface unless it was given that flag.
  if (v6 && sent == SendResult::unreachable) co_return;
  EXPECT_EQ(sent, SendResult::sent);
  for (const auto* each : {&one, &other}) {
    Bytes buffer(100);
    Task<DatagramSocket::Received> receive = (*each)->receive(buffer);
    const auto got = co_await within(system.clock, 5s, std::move(receive), "a datagram");
    EXPECT_EQ(got.bytes, 5U);
    EXPECT_EQ(got.interface_index, loopback->index);
    EXPECT_TRUE(equal(got.to.bytes(), group.address.bytes()));
    EXPECT_EQ(got.from.port, one->local().port);
  }
}

Task<void> reaches_group_v4(System& system) {
  return reaches_group(system, false);
}
TEST(Multicast, reaches_all_members_of_an_ipv4_group) {
  in_world(reaches_group_v4);
}

Task<void> reaches_group_v6(System& system) {
  return reaches_group(system, true);
}
TEST(Multicast, reaches_all_members_of_an_ipv6_group) {
  in_world(reaches_group_v6);
}

Task<void> stays_out(System& system) {
  const auto loopback = loopback_interface(system);
  if (!loopback) co_return;
  const BindOptions options{.reuse = true};
  const auto member = system.network.bind({any(false), 0}, options);
  const auto other = system.network.bind({any(false), member->local().port}, options);
  member->join_group(test_group(false), loopback->index);
  const Endpoint group{test_group(false), member->local().port};
  member->send(group, as_bytes("hello"), {.interface_index = loopback->index});
  Bytes buffer(100);
  const auto got = co_await member->receive(buffer);
  EXPECT_EQ(got.bytes, 5U);
  EXPECT_EQ(co_await end_when_cancelled(system, other->receive(buffer)), "cancelled");
  member->leave_group(test_group(false), loopback->index);
  member->send(group, as_bytes("hello"), {.interface_index = loopback->index});
  EXPECT_EQ(co_await end_when_cancelled(system, member->receive(buffer)), "cancelled");
}
TEST(Multicast, stays_out_of_groups_that_others_joined) {
  in_world(stays_out);
}

Task<void> names_own_address(System& system) {
  const auto a = system.network.bind({any(false), 0});
  const auto b = system.network.bind({any(false), 0});
  const Endpoint to{IpAddress::v4({127, 0, 0, 3}), b->local().port};
  EXPECT_EQ(a->send(to, as_bytes("x")), SendResult::sent);
  Bytes buffer(10);
  const auto got = co_await b->receive(buffer);
  EXPECT_EQ(got.to, to.address);
  EXPECT_NE(got.interface_index, 0U);
}
TEST(Multicast, a_datagram_names_the_address_it_came_to) {
  in_world(names_own_address);
}

Task<void> tells_failures(System& system) {
  const auto socket = system.network.bind({IpAddress::loopback_v4(), 0});
  const Endpoint self = socket->local();
  EXPECT_EQ(socket->send(self, Bytes(DatagramSocket::kMaxBytes)), SendResult::sent);
  EXPECT_EQ(socket->send(self, Bytes(DatagramSocket::kMaxBytes + 1)), SendResult::too_large);
  const Endpoint six{*IpAddress::parse("::1"), 9};
  EXPECT_NE(socket->send(six, as_bytes("x")), SendResult::sent);
  EXPECT_NE(socket->send(self, as_bytes("x"), {.interface_index = 0x7fffffff}), SendResult::sent);
  EXPECT_THROW(socket->join_group(test_group(false), 0x7fffffff), Error);
  co_return;
}
TEST(Multicast, a_datagram_that_cannot_be_sent_is_told) {
  in_world(tells_failures);
}

Task<void> lists_interfaces(System& system) {
  const auto loopback = loopback_interface(system);
  if (!loopback) co_return;
  const InterfaceAddress expected{IpAddress::loopback_v4(), 8};
  EXPECT_EQ(std::ranges::count(loopback->addresses, expected), 1);
  EXPECT_TRUE(loopback->up);
  EXPECT_FALSE(loopback->point_to_point);
  EXPECT_NE(loopback->index, 0U);
  co_return;
}
TEST(Interfaces, tell_addresses_prefixes_and_flags) {
  in_world(lists_interfaces);
}

}  // namespace
}  // namespace shoal::os
