#include "cli/address_path.h"

#include <gtest/gtest.h>

namespace shoal::cli {
namespace {

std::string_view path(std::string_view text) {
  return path_of(Multiaddr::parse(text));
}

TEST(AddressPath, tells_the_machine_the_network_and_the_world_apart) {
  EXPECT_EQ(path("/ip4/127.0.0.1/tcp/1"), "loopback");
  EXPECT_EQ(path("/ip6/::1/tcp/1"), "loopback");
  EXPECT_EQ(path("/ip6/::ffff:127.0.0.1/tcp/1"), "loopback");
  EXPECT_EQ(path("/ip4/192.168.1.2/tcp/1"), "lan");
  EXPECT_EQ(path("/ip6/fe80::1/tcp/1"), "lan");
  EXPECT_EQ(path("/ip6zone/2/ip6/fe80::1/tcp/1"), "lan");
  EXPECT_EQ(path("/ip6/fd00::1/tcp/1"), "lan");
  EXPECT_EQ(path("/ip4/203.0.113.7/tcp/1"), "direct");
  EXPECT_EQ(path("/dns4/example.org/tcp/1"), "direct");
}

TEST(AddressPath, sees_a_relay_wherever_it_is) {
  const std::string relay = "/p2p/12D3KooWSahP5pFRCEfaziPEba7urXGeif6T1y8jmodzdFUvzBHj/p2p-circuit";
  EXPECT_EQ(path("/ip4/127.0.0.1/tcp/1" + relay), "relay");
  EXPECT_EQ(path("/ip4/203.0.113.7/tcp/1" + relay), "relay");
}

}  // namespace
}  // namespace shoal::cli
