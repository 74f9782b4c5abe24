#include "net/transport/websocket/websocket_address.h"

#include <gtest/gtest.h>

namespace shoal::net::websocket {
namespace {

std::optional<Address> read(const char* text) {
  return Address::of(Multiaddr::parse(text));
}

TEST(WebSocketAddress, is_http_or_https) {
  const auto plain = read("/ip4/192.0.2.1/tcp/80/ws");
  ASSERT_TRUE(plain.has_value());
  EXPECT_FALSE(plain->tls);
  for (const char* text : {"/ip6/2001:db8::1/tcp/443/tls/ws", "/ip6/2001:db8::1/tcp/443/wss"}) {
    const auto secure = read(text);
    ASSERT_TRUE(secure.has_value()) << text;
    EXPECT_TRUE(secure->tls);
    EXPECT_EQ(secure->endpoint.port, 443);
    EXPECT_EQ(secure->server_name, "");
    EXPECT_EQ(secure->multiaddr().to_string(), "/ip6/2001:db8::1/tcp/443/tls/ws");
  }
}

TEST(WebSocketAddress, may_name_the_server) {
  const auto named = read("/ip4/192.0.2.1/tcp/443/tls/sni/ws.example/ws");
  ASSERT_TRUE(named.has_value());
  EXPECT_EQ(named->server_name, "ws.example");
  EXPECT_EQ(named->host(), "ws.example");
  EXPECT_EQ(named->multiaddr().to_string(), "/ip4/192.0.2.1/tcp/443/tls/sni/ws.example/ws");
  EXPECT_EQ(read("/ip4/192.0.2.1/tcp/4443/tls/sni/a.example/ws")->host(), "a.example:4443");
  EXPECT_EQ(read("/ip4/192.0.2.1/tcp/443/tls/ws")->host(), "192.0.2.1:443");
}

TEST(WebSocketAddress, ignores_whose_it_is) {
  const PeerId peer = PeerId::parse("12D3KooWEyopopk2rYc3ZUXqvvCYGmnbZ6K1ZCoTZXBn5tJ4J3Vn");
  const Multiaddr bare = Multiaddr::parse("/ip4/192.0.2.1/tcp/443/tls/ws");
  const auto read = Address::of(bare.with_peer(peer));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->multiaddr(), bare);
}

TEST(WebSocketAddress, is_nothing_else) {
  for (const char* other :
       {"/ip4/192.0.2.1/tcp/80", "/ip4/192.0.2.1/tcp/80/tls", "/ip4/192.0.2.1/udp/80/quic-v1",
        "/ws", "/tls/ws", "/dns4/a.example/tcp/80/ws", "/dns4/tls/tcp/443/tls/ws",
        "/ip4/192.0.2.1/tcp/80/sni/a.example/ws", "/ip4/192.0.2.1/tcp/443/tls/tls/ws",
        "/ip4/192.0.2.1/tcp/443/tls/sni/tls/wss", "/ip4/192.0.2.1/tcp/443/ws/ws",
        "/ip4/192.0.2.1/tcp/443/tls/sni/a/sni/b/ws", "/ip4/192.0.2.1/tcp/443/tls/ws/p2p-circuit"}) {
    EXPECT_FALSE(read(other).has_value()) << other;
  }
}

}  // namespace
}  // namespace shoal::net::websocket
