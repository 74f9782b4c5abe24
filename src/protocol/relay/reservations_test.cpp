#include "protocol/relay/reservations.h"

#include <gtest/gtest.h>

#include <list>

#include "net/swarm_testing.h"

namespace shoal::relay {
namespace {

PeerId peer(std::uint32_t number) {
  return PeerId::from_public_key(net::testing::key_of(number).public_key());
}

std::optional<IpAddress> prefix(std::uint8_t a, std::uint8_t b = 1) {
  return IpAddress::v4({192, 0, a, b});
}

constexpr TimePoint kStart{1h};

TEST(Reservations, as_many_as_the_limit) {
  Reservations table({.reservations = 3});
  for (std::uint8_t i = 0; i < 3; ++i) {
    EXPECT_EQ(table.reserve(peer(i), prefix(i), kStart), Status::ok);
  }
  EXPECT_EQ(table.reserve(peer(3), prefix(3), kStart), Status::reservation_refused);
  EXPECT_EQ(table.reserve(peer(0), prefix(0), kStart), Status::ok) << "a renewal";
  table.forget(peer(1));
  EXPECT_EQ(table.reserve(peer(3), prefix(3), kStart), Status::ok);
}

TEST(Reservations, end_after_their_time) {
  Reservations table({.reservations = 1});
  table.reserve(peer(0), prefix(0), kStart);
  EXPECT_TRUE(table.has(peer(0), kStart + 1h - 1ns));
  EXPECT_FALSE(table.has(peer(0), kStart + 1h));
  EXPECT_EQ(table.reserve(peer(1), prefix(1), kStart + 1h), Status::ok);
  EXPECT_EQ(table.size(), 1u);
}

TEST(Reservations, of_one_prefix_as_many_as_the_limit) {
  Reservations table({});
  for (std::uint8_t i = 0; i < 8; ++i) {
    EXPECT_EQ(table.reserve(peer(i), prefix(7), kStart), Status::ok);
  }
  EXPECT_EQ(table.reserve(peer(8), prefix(7), kStart), Status::reservation_refused);
  EXPECT_EQ(table.reserve(peer(8), prefix(8), kStart), Status::ok);
  EXPECT_EQ(table.reserve(peer(3), prefix(7), kStart), Status::ok) << "a renewal";
}

TEST(Reservations, programs_of_this_machine_share_no_limit) {
  Reservations table({});
  for (std::uint8_t i = 0; i < 20; ++i) {
    EXPECT_EQ(table.reserve(peer(i), IpAddress::loopback_v4(), kStart), Status::ok);
  }
}

TEST(Reservations, circuits_of_a_peer_up_to_the_limit) {
  Reservations table({});
  table.reserve(peer(0), prefix(0), kStart);
  std::list<Reservations::Circuit> circuits;
  for (std::uint32_t i = 1; i <= 16; ++i) {
    EXPECT_EQ(table.may_connect(peer(i), peer(0), kStart), Status::ok);
    circuits.emplace_back(table, peer(i), peer(0));
  }
  EXPECT_EQ(table.may_connect(peer(17), peer(0), kStart), Status::resource_limit_exceeded);
  circuits.pop_front();
  EXPECT_EQ(table.may_connect(peer(17), peer(0), kStart), Status::ok);
}

TEST(Reservations, circuits_of_a_dialer_up_to_the_limit) {
  Reservations table({});
  std::list<Reservations::Circuit> circuits;
  for (std::uint32_t i = 1; i <= 17; ++i) {
    table.reserve(peer(i), prefix(static_cast<std::uint8_t>(i)), kStart);
    const bool fits = table.may_connect(peer(0), peer(i), kStart) == Status::ok;
    EXPECT_EQ(fits, i <= 16);
    if (fits) circuits.emplace_back(table, peer(0), peer(i));
  }
}

TEST(Reservations, circuits_of_all_up_to_the_limit) {
  Reservations table({.circuits = 2});
  table.reserve(peer(0), prefix(0), kStart);
  std::list<Reservations::Circuit> circuits;
  circuits.emplace_back(table, peer(1), peer(0));
  EXPECT_EQ(table.may_connect(peer(3), peer(0), kStart), Status::ok);
  circuits.emplace_back(table, peer(2), peer(0));
  EXPECT_EQ(table.may_connect(peer(3), peer(0), kStart), Status::resource_limit_exceeded);
}

}  // namespace
}  // namespace shoal::relay
