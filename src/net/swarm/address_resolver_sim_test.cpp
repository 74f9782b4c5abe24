#include "net/swarm/address_resolver.h"

#include <gtest/gtest.h>

#include <string>

#include "net/swarm_testing.h"

namespace shoal::net {
namespace {

class AddressResolverTest : public ::testing::Test {
 protected:
  std::vector<std::string> resolved(const std::string& text) {
    std::vector<std::string> out;
    for (const Multiaddr& each : world.run(resolver.resolve(Multiaddr::parse(text), anna))) {
      out.push_back(each.to_string());
    }
    return out;
  }
  void set_dnsaddr(const std::string& host, std::vector<std::string> texts) {
    for (std::string& text : texts) text = "dnsaddr=" + text;
    world.names().set_texts("_dnsaddr." + host, texts);
  }

  sim::World world;
  AddressResolver resolver{world.add_host().system().resolver};
  const PeerId anna = PeerId::from_public_key(testing::key_of(1).public_key());
  const PeerId bert = PeerId::from_public_key(testing::key_of(2).public_key());
};

using Texts = std::vector<std::string>;

TEST_F(AddressResolverTest, takes_ip_addresses_of_the_family_asked_for) {
  world.names().set_addresses("x.example",
                              {*IpAddress::parse("192.0.2.1"), *IpAddress::parse("2001:db8::1")});
  EXPECT_EQ(resolved("/dns4/x.example/udp/1/quic-v1"), Texts{"/ip4/192.0.2.1/udp/1/quic-v1"});
  EXPECT_EQ(resolved("/dns6/x.example/tcp/1"), Texts{"/ip6/2001:db8::1/tcp/1"});
  EXPECT_EQ(resolved("/dns/x.example/tcp/1").size(), 2u);
  EXPECT_THROW(resolved("/dns/nowhere.example/tcp/1"), Error);
}

TEST_F(AddressResolverTest, keeps_the_name_for_tls) {
  world.names().set_addresses("x.example", {*IpAddress::parse("192.0.2.1")});
  const Texts expected{"/ip4/192.0.2.1/tcp/443/tls/sni/x.example/ws"};
  EXPECT_EQ(resolved("/dns4/x.example/tcp/443/tls/ws"), expected);
  EXPECT_EQ(resolved("/dns4/x.example/tcp/443/wss"), expected);
  EXPECT_EQ(resolved("/dns4/x.example/tcp/443/tls/sni/x.example/ws"), expected);
}

TEST_F(AddressResolverTest, follows_dnsaddr_to_addresses_of_the_peer) {
  set_dnsaddr("x.example",
              {"/ip4/192.0.2.1/tcp/1/p2p/" + anna.to_string(),
               "/ip4/192.0.2.2/tcp/1/p2p/" + bert.to_string(),
               "/dnsaddr/y.example/p2p/" + anna.to_string(), "nonsense", "/ip4/192.0.2.4/tcp/1"});
  world.names().set_texts("_dnsaddr.y.example", {"other=1", "dnsaddr=/dns4/z.example/tcp/3"});
  world.names().set_addresses("z.example", {*IpAddress::parse("192.0.2.3")});
  EXPECT_EQ(resolved("/dnsaddr/x.example"),
            (Texts{"/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.4/tcp/1", "/ip4/192.0.2.3/tcp/3"}));
  EXPECT_EQ(resolved("/dnsaddr/y.example/tcp/3"), Texts{"/ip4/192.0.2.3/tcp/3"});
}

// Hostile inputs B16 and B17.
TEST_F(AddressResolverTest, ends_loops_and_long_chains_of_names) {
  set_dnsaddr("loop.example", {"/dnsaddr/loop.example", "/dnsaddr/loop.example"});
  EXPECT_THROW(resolved("/dnsaddr/loop.example"), Error);
  for (std::size_t i = 1; i <= AddressResolver::kMaxDepth; ++i) {
    const std::string next = "/dnsaddr/" + std::to_string(i + 1) + ".example";
    set_dnsaddr(std::to_string(i) + ".example",
                {i == AddressResolver::kMaxDepth ? "/ip4/192.0.2.1/tcp/1" : next});
  }
  EXPECT_EQ(resolved("/dnsaddr/1.example").size(), 1u);
  set_dnsaddr("0.example", {"/dnsaddr/1.example"});
  EXPECT_THROW(resolved("/dnsaddr/0.example"), Error);
  world.names().set_texts("_dnsaddr.empty.example", {});
  EXPECT_THROW(resolved("/dnsaddr/empty.example"), Error);
}

TEST_F(AddressResolverTest, takes_so_many_addresses_and_no_more) {
  Texts many;
  for (std::size_t i = 1; i <= AddressResolver::kMaxAddresses + 1; ++i) {
    many.push_back("/ip4/192.0.2.1/tcp/" + std::to_string(i));
  }
  set_dnsaddr("x.example", many);
  EXPECT_EQ(resolved("/dnsaddr/x.example").size(), AddressResolver::kMaxAddresses);
}

}  // namespace
}  // namespace shoal::net
