#include "lab/idle_client.h"

#include <gtest/gtest.h>

namespace shoal::lab {
namespace {

TEST(IdleClient, keeps_twenty_connections_and_moves_little) {
  const IdleClient client = watch_idle_client({.nodes = 24, .settling = 1min, .watched = 32min});
  EXPECT_GE(client.peers_known, 20u);
  EXPECT_GE(client.most_connections, 1u);
  EXPECT_LE(client.most_connections, 20u);
  EXPECT_GT(client.in_rate + client.out_rate, 0);
  EXPECT_LT(client.in_rate + client.out_rate, 5'000);
}

}  // namespace
}  // namespace shoal::lab
