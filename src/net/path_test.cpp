#include "net/path.h"

#include <gtest/gtest.h>

#include "net/resources/ip_prefix.h"

namespace shoal::net {
namespace {

Multiaddr parsed(const char* text) {
  return Multiaddr::parse(text);
}

constexpr const char* kRelayed =
    "/ip4/192.168.1.2/udp/1/quic-v1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/"
    "p2p-circuit";

TEST(Path, follows_from_the_address_of_any_transport) {
  EXPECT_EQ(path_of(parsed("/ip4/127.0.0.1/udp/1/quic-v1")), Path::loopback);
  EXPECT_EQ(path_of(parsed("/ip6/::1/tcp/1/ws")), Path::loopback);
  EXPECT_EQ(path_of(parsed("/ip4/10.1.2.3/tcp/1")), Path::lan);
  EXPECT_EQ(path_of(parsed("/ip6/fe80::1/udp/1/quic-v1")), Path::lan);
  EXPECT_EQ(path_of(parsed("/ip6/::ffff:192.168.0.1/tcp/1")), Path::lan);
  EXPECT_EQ(path_of(parsed("/ip4/8.8.8.8/tcp/1")), Path::direct);
  EXPECT_EQ(path_of(parsed("/dns4/example.com/tcp/1")), Path::direct);
  EXPECT_EQ(path_of(parsed(kRelayed)), Path::relay);
  EXPECT_EQ(name_of(Path::lan), "lan");
}

TEST(Path, an_any_address_takes_the_ip_of_an_interface) {
  const auto ip = IpAddress::parse("192.0.2.1");
  EXPECT_EQ(with_ip(parsed("/ip4/0.0.0.0/udp/4001/quic-v1"), *ip),
            parsed("/ip4/192.0.2.1/udp/4001/quic-v1"));
  EXPECT_EQ(with_ip(parsed("/ip4/0.0.0.0"), *ip), parsed("/ip4/192.0.2.1"));
  EXPECT_EQ(with_ip(parsed("/ip6/::/tcp/4001/ws"), *IpAddress::parse("2001:db8::1")),
            parsed("/ip6/2001:db8::1/tcp/4001/ws"));
  EXPECT_EQ(with_ip(parsed("/ip6/::/tcp/4001"), *ip), std::nullopt);
}

TEST(IpPrefix, is_taken_from_any_transport) {
  const auto prefix = ip_prefix_of(parsed("/ip4/192.0.2.1/tcp/1"));
  EXPECT_EQ(ip_prefix_of(parsed("/ip4/192.0.2.1/udp/9/quic-v1")), prefix);
  EXPECT_EQ(ip_prefix_of(parsed("/ip4/192.0.2.1/tcp/9/tls/ws")), prefix);
  EXPECT_EQ(ip_prefix_of(parsed("/ip6/2001:db8::1/tcp/1")),
            ip_prefix_of(parsed("/ip6/2001:db8::2/udp/2/quic-v1")));
  EXPECT_EQ(ip_prefix_of(parsed(kRelayed)), ip_prefix_of(parsed("/ip4/192.168.1.2/tcp/1")));
  EXPECT_EQ(ip_prefix_of(parsed("/dns/example.com/tcp/1")), std::nullopt);
}

}  // namespace
}  // namespace shoal::net
