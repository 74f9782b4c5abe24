#include "protocol/kad/fair_shares.h"

#include <gtest/gtest.h>

#include "protocol/kad/kad_testing.h"

namespace shoal::kad {
namespace {

using testing::public_ip;

const FairShares::Group kOneGroup = IpGroup::of(public_ip(1));
const FairShares::Group kOtherGroup = IpGroup::of(public_ip(2));

TEST(KadFairShares, names_the_heaviest_owner_of_the_heaviest_group) {
  FairShares shares;
  shares.add(kOneGroup, 1, 30);
  shares.add(kOneGroup, 2, 31);
  shares.add(kOtherGroup, 3, 60);
  EXPECT_EQ(shares.heaviest(), 2u);
  EXPECT_EQ(shares.heaviest_of(kOtherGroup), 3u);
  shares.subtract(kOneGroup, 2, 2);
  EXPECT_EQ(shares.heaviest(), 3u);
  EXPECT_EQ(shares.total(), 119u);
  EXPECT_EQ(shares.of(kOneGroup), 59u);
}

TEST(KadFairShares, none_is_a_group_and_an_empty_one_is_forgotten) {
  FairShares shares;
  EXPECT_EQ(shares.heaviest(), std::nullopt);
  shares.add(std::nullopt, 1, 5);
  EXPECT_EQ(shares.heaviest(), 1u);
  EXPECT_EQ(shares.heaviest_of(kOneGroup), std::nullopt);
  shares.subtract(std::nullopt, 1, 5);
  EXPECT_EQ(shares.heaviest(), std::nullopt);
  EXPECT_EQ(shares.total(), 0u);
}

}  // namespace
}  // namespace shoal::kad
