#include "net/swarm/dial_order.h"

#include <gtest/gtest.h>

#include <string>

namespace shoal::net {
namespace {

KnownAddress known_at(const std::string& text, AddressSource source = AddressSource::claimed) {
  return {Multiaddr::parse(text), source};
}

std::vector<std::string> ordered(std::vector<KnownAddress> addresses) {
  std::vector<std::string> out;
  for (const KnownAddress& each : in_dial_order(std::move(addresses))) {
    out.push_back(each.address.to_string());
  }
  return out;
}

const std::string kCircuit =
    "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit";

TEST(DialOrder, tries_the_nearest_first_and_relays_last) {
  EXPECT_EQ(ordered({known_at(kCircuit), known_at("/ip4/8.8.8.8/tcp/1"),
                     known_at("/ip4/10.0.0.1/tcp/1"), known_at("/ip4/127.0.0.1/tcp/1")}),
            (std::vector<std::string>{"/ip4/127.0.0.1/tcp/1", "/ip4/10.0.0.1/tcp/1",
                                      "/ip4/8.8.8.8/tcp/1", kCircuit}));
}

TEST(DialOrder, tries_what_the_user_gave_before_all_else) {
  EXPECT_EQ(ordered({known_at("/ip4/127.0.0.1/tcp/1", AddressSource::connected),
                     known_at(kCircuit, AddressSource::given_by_user)}),
            (std::vector<std::string>{kCircuit, "/ip4/127.0.0.1/tcp/1"}));
}

TEST(DialOrder, quic_begins_and_takes_turns_with_tcp) {
  EXPECT_EQ(
      ordered({known_at("/ip4/8.8.8.8/tcp/1"), known_at("/ip6/2001:db8::1/tcp/1"),
               known_at("/ip4/8.8.8.8/udp/1/quic-v1"), known_at("/ip6/2001:db8::1/udp/1/quic-v1"),
               known_at("/ip4/8.8.4.4/udp/2/quic-v1")}),
      (std::vector<std::string>{"/ip6/2001:db8::1/udp/1/quic-v1", "/ip6/2001:db8::1/tcp/1",
                                "/ip4/8.8.8.8/udp/1/quic-v1", "/ip4/8.8.8.8/tcp/1",
                                "/ip4/8.8.4.4/udp/2/quic-v1"}));
}

TEST(DialOrder, websocket_is_for_where_nothing_else_passes) {
  EXPECT_EQ(ordered({known_at("/ip4/8.8.8.8/tcp/443/tls/ws"), known_at("/ip4/8.8.8.8/tcp/80/ws"),
                     known_at("/ip4/8.8.8.8/tcp/1"), known_at("/ip4/8.8.8.8/udp/1/quic-v1")}),
            (std::vector<std::string>{"/ip4/8.8.8.8/udp/1/quic-v1", "/ip4/8.8.8.8/tcp/1",
                                      "/ip4/8.8.8.8/tcp/443/tls/ws", "/ip4/8.8.8.8/tcp/80/ws"}));
}

}  // namespace
}  // namespace shoal::net
