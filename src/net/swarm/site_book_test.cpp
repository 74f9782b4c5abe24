#include "net/swarm/site_book.h"

#include <gtest/gtest.h>

namespace shoal::net {
namespace {

constexpr TimePoint kStart{};

IpAddress host(std::uint32_t number) {
  return IpAddress::v4({10, static_cast<std::uint8_t>(number >> 16),
                        static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)});
}

int admitted(SiteBook& book, TimePoint now) {
  int count = 0;
  while (book.admit(host(1), now)) ++count;
  return count;
}

TEST(SiteBook, admits_so_many_at_once_and_so_many_each_second) {
  SiteBook book;
  EXPECT_EQ(admitted(book, kStart), SiteBook::kBurstKnocks);
  EXPECT_EQ(admitted(book, kStart + 1s), SiteBook::kKnocksPerSecond);
  EXPECT_TRUE(book.admit(host(2), kStart + 1s));
}

TEST(SiteBook, a_strike_costs_many_connections_but_not_for_ever) {
  SiteBook book;
  book.strike(host(1), kStart);
  EXPECT_EQ(admitted(book, kStart), SiteBook::kBurstKnocks - SiteBook::kStrikeKnocks);
  for (int i = 0; i < 100; ++i) book.strike(host(1), kStart);
  const Duration most =
      1s * static_cast<int>(2 * SiteBook::kStrikeKnocks / SiteBook::kKnocksPerSecond);
  EXPECT_FALSE(book.admit(host(1), kStart + 1s));
  EXPECT_TRUE(book.admit(host(1), kStart + 1s + most));
}

TEST(SiteBook, remembers_strikes_and_forgets_them_one_by_one) {
  SiteBook book;
  EXPECT_EQ(book.strikes(host(1), kStart), 0u);
  for (std::size_t i = 0; i <= SiteBook::kMostStrikes; ++i) book.strike(host(1), kStart);
  EXPECT_EQ(book.strikes(host(1), kStart), SiteBook::kMostStrikes);
  EXPECT_EQ(book.strikes(host(1), kStart + SiteBook::kStrikeMemory), SiteBook::kMostStrikes - 1);
  EXPECT_EQ(book.strikes(host(1), kStart + 24h), 0u);
}

TEST(SiteBook, E2_remembers_so_many_sites_and_forgets_the_quietest) {
  SiteBook book;
  const auto strike = [&](std::size_t site, std::uint32_t at) {
    book.strike(host(static_cast<std::uint32_t>(site)), kStart + std::chrono::milliseconds(at));
  };
  for (std::uint32_t i = 0; i < SiteBook::kMaxSites; ++i) strike(i, i);
  strike(0, SiteBook::kMaxSites);
  strike(SiteBook::kMaxSites, SiteBook::kMaxSites);
  EXPECT_EQ(book.size(), SiteBook::kMaxSites);
  EXPECT_EQ(book.strikes(host(0), kStart + 5s), 2u);
  EXPECT_EQ(book.strikes(host(1), kStart + 5s), 0u);
  EXPECT_EQ(book.strikes(host(2), kStart + 5s), 1u);
}

TEST(SiteBook, E5_takes_a_mapped_address_for_the_one_it_maps) {
  const auto mapped = site_of(Multiaddr::parse("/ip6/::ffff:192.0.2.1/tcp/1"));
  EXPECT_EQ(mapped, site_of(Multiaddr::parse("/ip4/192.0.2.1/tcp/2")));
  EXPECT_NE(mapped, site_of(Multiaddr::parse("/ip6/::ffff:192.0.2.2/tcp/1")));
}

TEST(SiteBook, counts_no_knocks_of_this_machine) {
  SiteBook book;
  for (const char* address : {"/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1"}) {
    const auto site = site_of(Multiaddr::parse(address));
    for (int i = 0; i < 10 * SiteBook::kBurstKnocks; ++i) {
      ASSERT_TRUE(book.admit(site.value(), kStart)) << address;
    }
  }
}

}  // namespace
}  // namespace shoal::net
