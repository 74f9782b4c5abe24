#include "protocol/kad/network_size.h"

#include <gtest/gtest.h>

#include "protocol/kad/query_testing.h"

namespace shoal::kad {
namespace {

NetworkSize estimator_for(std::uint32_t size) {
  std::vector<PeerId> peers;
  for (std::uint32_t i = 0; i < size; ++i) peers.push_back(testing::numbered_peer(i));
  NetworkSize estimate;
  for (int i = 0; i < 32; ++i) {
    const Key target = Key::of(as_bytes("size " + std::to_string(i)));
    std::ranges::sort(peers, [&](const PeerId& a, const PeerId& b) {
      return nearer(target, Key::of(a), Key::of(b));
    });
    estimate.observe(target, std::span(peers).first(std::min<std::size_t>(size, kReplication)));
  }
  return estimate;
}

double estimate_of(std::uint32_t size) {
  return estimator_for(size).peers();
}

TEST(NetworkSize, is_right_within_a_quarter) {
  for (const std::uint32_t size : {100u, 1000u}) {
    EXPECT_NEAR(estimate_of(size), size, size / 4.0) << size;
  }
}

TEST(NetworkSize, its_radius_holds_about_as_many_as_keep_a_record) {
  std::vector<PeerId> peers;
  for (std::uint32_t i = 0; i < 1000; ++i) peers.push_back(testing::numbered_peer(i));
  const NetworkSize estimate = estimator_for(1000);
  const Key target = Key::of(as_bytes("a key"));
  const auto within = std::ranges::count_if(peers, [&](const PeerId& peer) {
    return Key::of(peer).distance(target) < *estimate.radius();
  });
  EXPECT_GE(within, 10);
  EXPECT_LE(within, 35);
}

TEST(NetworkSize, has_no_radius_before_it_knows_enough) {
  EXPECT_FALSE(NetworkSize().radius());
  EXPECT_FALSE(estimator_for(30).radius());
  EXPECT_TRUE(estimator_for(60).radius());
}

TEST(NetworkSize, counts_a_network_that_one_answer_holds) {
  EXPECT_NEAR(estimate_of(5), 5, 2);
  EXPECT_EQ(NetworkSize().peers(), 0);
}

}  // namespace
}  // namespace shoal::kad
