#include "net/resources/ingress_limiter.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "net/swarm_testing.h"

namespace shoal::net {
namespace {

constexpr double kFree = IngressLimiter::kFreeBytes;

PeerId numbered_peer(std::uint8_t number) {
  return PeerId::from_public_key(testing::key_of(number).public_key());
}

struct IngressLimiters : ::testing::Test {
  IngressLimiters() : limiter(world.add_host().system()), work(world.waits(), "readers") {}
  ~IngressLimiters() override { world.run(work.stop()); }

  Task<void> read_on(ReadLimiter& payer, std::size_t bytes, double& total) {
    while (true) {
      co_await payer.pay(bytes, 0);
      total += static_cast<double>(bytes);
    }
  }
  Task<void> pay_once(ReadLimiter& payer, std::size_t bytes, std::size_t streams,
                      std::shared_ptr<bool> paid) {
    co_await payer.pay(bytes, streams);
    *paid = true;
  }
  ReadLimiter& payer_of(std::uint8_t number) {
    payers.push_back(limiter.payer(numbered_peer(number)));
    return *payers.back();
  }
  /// Reads without end; how much, is counted in the result.
  double& floods(std::uint8_t number, std::size_t at_once = 64 * 1024) {
    said.push_back(std::make_unique<double>(0));
    work.spawn(read_on(payer_of(number), at_once, *said.back()));
    return *said.back();
  }
  std::shared_ptr<bool> pays(ReadLimiter& payer, std::size_t bytes, std::size_t streams = 0) {
    const auto paid = std::make_shared<bool>(false);
    work.spawn(pay_once(payer, bytes, streams, paid));
    return paid;
  }
  bool pays_within(Duration time, ReadLimiter& payer, std::size_t bytes, std::size_t streams = 0) {
    const auto paid = pays(payer, bytes, streams);
    world.run_for(time);
    return *paid;
  }

  sim::World world;
  IngressLimiter limiter;
  std::vector<std::unique_ptr<ReadLimiter>> payers;
  std::vector<std::unique_ptr<double>> said;
  TaskGroup work;
};

TEST_F(IngressLimiters, C6_all_peers_together_are_read_at_one_rate) {
  double total = 0;
  for (std::uint8_t i = 1; i <= 20; ++i) floods(i);
  world.run_for(10s);
  for (const auto& each : said) total += *each;
  const double wanted =
      IngressLimiter::kBurstBytes + 10 * IngressLimiter::kBytesPerSecond + 20 * (kFree + 40'960);
  EXPECT_NEAR(total, wanted, 0.05 * wanted);
}

TEST_F(IngressLimiters, C6_those_who_flood_share_what_there_is) {
  floods(1, 1024 * 1024);
  floods(2, 4 * 1024);
  world.run_for(20s);
  EXPECT_NEAR(*said[0] / *said[1], 1, 0.2);
}

TEST_F(IngressLimiters, C6_who_says_little_does_not_wait_for_those_who_flood) {
  ReadLimiter& quiet = payer_of(99);
  for (std::uint8_t i = 1; i <= 50; ++i) floods(i, 128 * 1024);
  world.run_for(5s);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(pays_within(10ms, quiet, 600));
  // Beyond what is free, it still comes before those who have said more.
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(pays_within(30ms, quiet, 1024));
}

TEST_F(IngressLimiters, who_is_expected_is_read_as_it_comes) {
  ReadLimiter& asked = payer_of(99);
  for (std::uint8_t i = 1; i <= 20; ++i) floods(i);
  IngressLimiter::Solicited expected = limiter.solicit(numbered_peer(99));
  EXPECT_TRUE(limiter.is_solicited(numbered_peer(99)));
  world.run_for(1s);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(pays_within(0ms, asked, 1024 * 1024));
  expected.end();
  EXPECT_FALSE(limiter.is_solicited(numbered_peer(99)));
  EXPECT_FALSE(pays_within(10ms, asked, 1024 * 1024));
}

TEST_F(IngressLimiters, an_expected_answer_is_free_and_nothing_beside_it) {
  ReadLimiter& asked = payer_of(99);
  for (std::uint8_t i = 1; i <= 20; ++i) floods(i);
  world.run_for(1s);
  EXPECT_FALSE(pays_within(0ms, payer_of(98), 200 * 1024));
  IngressLimiter::Solicited one = limiter.expect(numbered_peer(99), 100 * 1024);
  EXPECT_TRUE(limiter.is_solicited(numbered_peer(99)));
  EXPECT_TRUE(pays_within(0ms, asked, 100 * 1024));
  EXPECT_TRUE(pays_within(0ms, asked, 64 * 1024));  // what everybody may say
  EXPECT_FALSE(pays_within(0ms, payer_of(99), 64 * 1024));
}

TEST_F(IngressLimiters, an_answer_that_came_short_leaves_nothing) {
  for (std::uint8_t i = 1; i <= 20; ++i) floods(i);
  world.run_for(1s);
  ReadLimiter& asked = payer_of(99);
  {
    IngressLimiter::Solicited one = limiter.expect(numbered_peer(99), 100 * 1024);
    IngressLimiter::Solicited other = limiter.expect(numbered_peer(99), 100 * 1024);
    EXPECT_TRUE(pays_within(0ms, asked, 80 * 1024));
    one.end();
    EXPECT_TRUE(pays_within(0ms, asked, 100 * 1024));
  }
  EXPECT_FALSE(pays_within(0ms, asked, 65 * 1024));
}

TEST_F(IngressLimiters, an_expectation_lets_go_on_who_was_waiting) {
  ReadLimiter& asked = payer_of(99);
  EXPECT_FALSE(pays_within(1s, asked, 100 * 1024 * 1024));
  const auto paid = pays(payer_of(99), 64 * 1024);
  const IngressLimiter::Solicited expected = limiter.solicit(numbered_peer(99));
  world.run_for(1ms);
  EXPECT_TRUE(*paid);
}

TEST_F(IngressLimiters, who_leaves_waits_no_longer) {
  ReadLimiter& payer = payer_of(1);
  const auto paid = pays(payer, 100 * 1024 * 1024);
  world.run_for(1s);
  EXPECT_FALSE(*paid);
  payer.leave();
  world.run_for(1ms);
  EXPECT_TRUE(*paid);
}

TEST_F(IngressLimiters, C6_a_stream_costs_until_it_ends_in_order) {
  const PeerId peer = numbered_peer(1);
  ReadLimiter& payer = payer_of(1);
  const auto streams = [](double bytes) {
    return static_cast<std::size_t>(bytes / IngressLimiter::kStreamBytes);
  };
  EXPECT_TRUE(pays_within(0ms, payer, 0, streams(kFree + IngressLimiter::kBurstBytes)));
  EXPECT_FALSE(pays_within(0ms, payer, 0, 64));
  payer.leave();
  for (std::size_t i = 0; i < 100; ++i) limiter.refund_stream(peer);
  world.run_for(1ms);
  ReadLimiter& next = payer_of(1);
  EXPECT_TRUE(pays_within(0ms, next, 0, 30));
}

TEST_F(IngressLimiters, gives_back_what_was_paid_for_streams_that_end_beside_others) {
  const PeerId peer = numbered_peer(1);
  ReadLimiter& payer = payer_of(1);
  constexpr std::size_t kAtOnce = 64;
  for (int round = 0; round < 100; ++round) {
    ASSERT_TRUE(pays_within(0ms, payer, 0, kAtOnce)) << round;
    std::vector<IngressLimiter::Solicited> served;
    for (std::size_t i = 0; i < kAtOnce; ++i) served.push_back(limiter.solicit(peer));
    for (IngressLimiter::Solicited& one : served) {
      limiter.refund_stream(peer);
      one.end();
    }
  }
}

TEST_F(IngressLimiters, gives_back_no_more_than_was_paid) {
  ReadLimiter& payer = payer_of(1);
  EXPECT_TRUE(
      pays_within(0ms, payer, static_cast<std::size_t>(kFree + IngressLimiter::kBurstBytes)));
  for (int i = 0; i < 100; ++i) limiter.refund_stream(numbered_peer(1));
  EXPECT_FALSE(pays_within(0ms, payer, 16 * 1024));
}

TEST_F(IngressLimiters, forgets_whom_nobody_pays_for) {
  limiter.payer(numbered_peer(1)).reset();
  EXPECT_FALSE(limiter.is_solicited(numbered_peer(1)));
  {
    const IngressLimiter::Solicited expected = limiter.solicit(numbered_peer(1));
  }
  EXPECT_FALSE(limiter.is_solicited(numbered_peer(1)));
}

}  // namespace
}  // namespace shoal::net
