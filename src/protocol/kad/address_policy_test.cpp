#include "protocol/kad/address_policy.h"

#include <gtest/gtest.h>

namespace shoal::kad {
namespace {

bool allows(const AddressPolicy& policy, const char* text) {
  return policy.allows(Multiaddr::parse(text));
}

TEST(AddressPolicy, internet_takes_global_addresses_alone) {
  const AddressPolicy policy(Scope::internet, false);
  EXPECT_TRUE(allows(policy, "/ip4/8.8.8.8/tcp/4001"));
  EXPECT_TRUE(allows(policy, "/ip6/2606:4700::1/udp/4001/quic-v1"));
  for (const char* text :
       {"/ip4/10.1.2.3/tcp/22", "/ip4/192.168.1.1/tcp/80", "/ip4/172.16.0.1/tcp/80",
        "/ip4/100.64.0.1/tcp/80", "/ip4/169.254.169.254/tcp/80", "/ip4/127.0.0.1/tcp/5001",
        "/ip4/0.0.0.0/tcp/80", "/ip4/224.0.0.1/udp/80", "/ip4/255.255.255.255/udp/80",
        "/ip6/::1/tcp/80", "/ip6/fe80::1/tcp/80", "/ip6/fd00::1/tcp/80"}) {
    EXPECT_FALSE(allows(policy, text)) << text;
  }
}

// E5: IPv4-mapped addresses are judged as what they are.
TEST(AddressPolicy, judges_mapped_addresses_as_ipv4) {
  const AddressPolicy policy(Scope::internet, false);
  EXPECT_FALSE(allows(policy, "/ip6/::ffff:10.0.0.1/tcp/80"));
  EXPECT_FALSE(allows(policy, "/ip6/::ffff:127.0.0.1/tcp/80"));
  EXPECT_TRUE(allows(policy, "/ip6/::ffff:8.8.8.8/tcp/80"));
}

TEST(AddressPolicy, lan_takes_private_ones_but_not_loopback) {
  const AddressPolicy policy(Scope::lan, false);
  EXPECT_TRUE(allows(policy, "/ip4/192.168.1.2/tcp/4001"));
  EXPECT_TRUE(allows(policy, "/ip6/fe80::1/tcp/4001"));
  EXPECT_FALSE(allows(policy, "/ip4/127.0.0.1/tcp/4001"));
  EXPECT_TRUE(allows(AddressPolicy(Scope::lan, true), "/ip4/127.0.0.1/tcp/4001"));
}

TEST(AddressPolicy, takes_no_names) {
  const AddressPolicy policy(Scope::internet, true);
  EXPECT_FALSE(allows(policy, "/dns4/router.local/tcp/80"));
  EXPECT_FALSE(allows(policy, "/dns/example.org/tcp/4001"));
}

TEST(AddressPolicy, looks_behind_a_relay) {
  const AddressPolicy policy(Scope::internet, false);
  const std::string relay = "/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA/p2p-circuit";
  EXPECT_TRUE(allows(policy, ("/ip4/8.8.8.8/tcp/4001" + relay).c_str()));
  EXPECT_FALSE(allows(policy, ("/ip4/10.0.0.1/tcp/4001" + relay).c_str()));
  EXPECT_FALSE(allows(policy, ("/ip4/8.8.8.8/tcp/4001" + relay + "/ip4/10.0.0.1/tcp/1").c_str()));
}

}  // namespace
}  // namespace shoal::kad
