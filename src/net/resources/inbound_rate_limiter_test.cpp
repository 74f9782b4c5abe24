#include "net/resources/inbound_rate_limiter.h"

#include <gtest/gtest.h>

namespace shoal::net {
namespace {

using Limiter = InboundRateLimiter;

constexpr TimePoint kStart{};

IpAddress host(std::uint32_t number) {
  return IpAddress::v4({10, static_cast<std::uint8_t>(number >> 16),
                        static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)});
}

int admitted(Limiter& limiter, TimePoint now, const IpAddress& prefix = host(1)) {
  int count = 0;
  while (limiter.admit(prefix, now)) ++count;
  return count;
}

TEST(InboundRateLimiter, admits_a_burst_and_then_a_rate) {
  Limiter limiter;
  EXPECT_EQ(admitted(limiter, kStart), Limiter::kBurst);
  EXPECT_EQ(admitted(limiter, kStart + 1s), Limiter::kPerSecond);
  EXPECT_TRUE(limiter.admit(host(2), kStart + 1s));
}

TEST(InboundRateLimiter, a_penalty_costs_connections) {
  Limiter limiter;
  limiter.penalise(host(1), kStart);
  EXPECT_EQ(admitted(limiter, kStart), Limiter::kBurst - Limiter::kPenalty);
}

TEST(InboundRateLimiter, admits_a_neighbour_soon_after_any_penalty) {
  Limiter limiter;
  for (int i = 0; i < 1000; ++i) limiter.penalise(host(1), kStart);
  EXPECT_FALSE(limiter.admit(host(1), kStart));
  EXPECT_TRUE(limiter.admit(host(1), kStart + 1s));
}

TEST(InboundRateLimiter, bounds_prefixes_and_forgets_the_quietest) {
  Limiter limiter;
  const auto use_up = [&](std::size_t number, std::uint32_t at) {
    return admitted(limiter, kStart + std::chrono::microseconds(at),
                    host(static_cast<std::uint32_t>(number)));
  };
  for (std::uint32_t i = 0; i < Limiter::kMaxPrefixes; ++i) use_up(i, i);
  const auto end = static_cast<std::uint32_t>(Limiter::kMaxPrefixes);
  EXPECT_LT(use_up(0, end), Limiter::kBurst);  // known, and seen again
  use_up(Limiter::kMaxPrefixes, end);
  EXPECT_EQ(limiter.size(), Limiter::kMaxPrefixes);
  EXPECT_EQ(use_up(1, end), Limiter::kBurst);
}

TEST(InboundRateLimiter, takes_a_mapped_address_for_the_one_it_maps) {
  const auto mapped = ip_prefix_of(Multiaddr::parse("/ip6/::ffff:192.0.2.1/tcp/1"));
  EXPECT_EQ(mapped, ip_prefix_of(Multiaddr::parse("/ip4/192.0.2.1/tcp/2")));
  EXPECT_NE(mapped, ip_prefix_of(Multiaddr::parse("/ip6/::ffff:192.0.2.2/tcp/1")));
}

TEST(InboundRateLimiter, always_admits_programs_of_this_machine) {
  Limiter limiter;
  for (const char* address : {"/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1"}) {
    const auto prefix = ip_prefix_of(Multiaddr::parse(address));
    for (int i = 0; i < 10 * Limiter::kBurst; ++i) {
      ASSERT_TRUE(limiter.admit(prefix.value(), kStart)) << address;
    }
  }
}

}  // namespace
}  // namespace shoal::net
