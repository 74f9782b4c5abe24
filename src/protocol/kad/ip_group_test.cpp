#include "protocol/kad/ip_group.h"

#include <gtest/gtest.h>

namespace shoal::kad {
namespace {

IpGroup group_of_ip(const char* text) {
  return IpGroup::of(*IpAddress::parse(text));
}

bool is_public_text(const char* text) {
  return is_public(Multiaddr::parse(text));
}

TEST(KadIpGroup, is_the_16_of_ipv4_and_the_32_of_ipv6) {
  EXPECT_EQ(group_of_ip("1.2.3.4"), group_of_ip("1.2.255.255"));
  EXPECT_NE(group_of_ip("1.2.3.4"), group_of_ip("1.3.3.4"));
  EXPECT_EQ(group_of_ip("2001:db8::1"), group_of_ip("2001:db8:ffff::2"));
  EXPECT_NE(group_of_ip("2001:db8::1"), group_of_ip("2001:db9::1"));
}

// E5
TEST(KadIpGroup, takes_mapped_addresses_as_ipv4) {
  EXPECT_EQ(group_of_ip("::ffff:1.2.3.4"), group_of_ip("1.2.9.9"));
  EXPECT_FALSE(is_public_text("/ip6/::ffff:192.168.1.1/tcp/1"));
  EXPECT_FALSE(is_public_text("/ip6/::ffff:127.0.0.1/tcp/1"));
}

TEST(KadIpGroup, knows_local_groups_again_by_their_network) {
  for (const char* text : {"127.0.0.1", "::1", "10.1.2.3", "192.168.1.2", "fe80::1", "fd00::1"}) {
    const IpGroup group = group_of_ip(text);
    EXPECT_TRUE(group.is_local()) << text;
    EXPECT_EQ(IpGroup::of(group.network()), group) << text;
  }
  EXPECT_FALSE(group_of_ip("1.2.3.4").is_local());
}

TEST(KadIpGroup, says_which_addresses_are_public) {
  EXPECT_TRUE(is_public_text("/ip4/1.2.3.4/tcp/1"));
  EXPECT_TRUE(is_public_text("/ip6/2001:470::1/udp/1/quic-v1"));
  EXPECT_TRUE(is_public_text("/dns4/example.com/tcp/1"));
  for (const char* text :
       {"/ip4/127.0.0.1/tcp/1", "/ip4/10.0.0.1/tcp/1", "/ip6/::1/tcp/1", "/ip4/0.0.0.0/tcp/1",
        "/ip4/224.0.0.1/udp/1", "/ip6zone/2/ip6/fe80::1", "/p2p-circuit", "/tcp/1"}) {
    EXPECT_FALSE(is_public_text(text)) << text;
  }
  EXPECT_FALSE(is_public(Multiaddr()));
}

}  // namespace
}  // namespace shoal::kad
