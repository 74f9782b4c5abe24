#include "service/link_addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::service {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> chosen(std::vector<std::string> addresses) {
  std::vector<Multiaddr> all;
  for (const auto& text : addresses) all.push_back(Multiaddr::parse(text));
  std::vector<std::string> out;
  for (const auto& address : link_addresses(all)) out.push_back(address.to_string());
  return out;
}

TEST(LinkAddresses, leave_out_loopback_beside_others) {
  EXPECT_THAT(chosen({"/ip4/192.0.2.7/tcp/1", "/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1"}),
              ElementsAre("/ip4/192.0.2.7/tcp/1"));
  EXPECT_THAT(chosen({"/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1"}),
              ElementsAre("/ip4/127.0.0.1/tcp/1"));
}

TEST(LinkAddresses, name_each_network_once) {
  EXPECT_THAT(chosen({"/ip6/2001:db8::1/tcp/1", "/ip6/2001:db8::2/tcp/1", "/ip4/10.0.0.1/tcp/1",
                      "/ip4/10.0.0.2/tcp/1", "/ip4/10.0.1.1/tcp/1", "/ip6/fd00::1/tcp/1"}),
              ElementsAre("/ip6/2001:db8::1/tcp/1", "/ip4/10.0.0.1/tcp/1", "/ip4/10.0.1.1/tcp/1"));
}

TEST(LinkAddresses, name_one_way_by_quic) {
  EXPECT_THAT(chosen({"/ip6/2001:db8::1/tcp/1", "/ip6/2001:db8::1/udp/1/quic-v1",
                      "/ip4/10.0.0.1/tcp/1", "/ip4/10.0.0.1/udp/1/quic-v1"}),
              ElementsAre("/ip6/2001:db8::1/tcp/1", "/ip4/10.0.0.1/tcp/1",
                          "/ip6/2001:db8::1/udp/1/quic-v1"));
  EXPECT_THAT(chosen({"/ip4/127.0.0.1/udp/1/quic-v1"}),
              ElementsAre("/ip4/127.0.0.1/udp/1/quic-v1"));
}

TEST(LinkAddresses, name_one_way_by_websocket_in_tls_if_there_is_one) {
  EXPECT_THAT(chosen({"/ip4/192.0.2.7/tcp/80/ws", "/ip4/192.0.2.7/tcp/443/tls/ws",
                      "/ip4/192.0.2.7/tcp/1", "/ip4/192.0.2.7/udp/1/quic-v1"}),
              ElementsAre("/ip4/192.0.2.7/tcp/1", "/ip4/192.0.2.7/udp/1/quic-v1",
                          "/ip4/192.0.2.7/tcp/443/tls/ws"));
  EXPECT_THAT(chosen({"/ip4/192.0.2.7/tcp/80/ws"}), ElementsAre("/ip4/192.0.2.7/tcp/80/ws"));
  const std::string relay = "/p2p/12D3KooWEyopopk2rYc3ZUXqvvCYGmnbZ6K1ZCoTZXBn5tJ4J3Vn/p2p-circuit";
  EXPECT_THAT(
      chosen({"/ip4/10.0.0.1/tcp/80/ws", "/ip4/10.0.0.1/tcp/1", "/ip4/10.0.0.1/udp/1/quic-v1",
              "/ip4/192.0.2.1/tcp/1" + relay, "/ip4/198.51.100.1/tcp/1" + relay}),
      ElementsAre("/ip4/10.0.0.1/tcp/1", "/ip4/10.0.0.1/udp/1/quic-v1",
                  "/ip4/192.0.2.1/tcp/1" + relay, "/ip4/198.51.100.1/tcp/1" + relay));
}

TEST(LinkAddresses, are_at_most_four) {
  EXPECT_EQ(chosen({"/ip4/10.0.0.1/tcp/1", "/ip4/10.0.1.1/tcp/1", "/ip4/10.0.2.1/tcp/1",
                    "/ip4/10.0.3.1/tcp/1", "/ip4/10.0.4.1/tcp/1"})
                .size(),
            kMaxLinkAddresses);
}

TEST(LinkAddresses, tell_how_far_they_reach) {
  EXPECT_EQ(reach_of(Multiaddr::parse("/ip4/127.0.0.1/tcp/1")), Reach::this_machine);
  EXPECT_EQ(reach_of(Multiaddr::parse("/ip6/::ffff:10.0.0.1/tcp/1")), Reach::this_network);
  EXPECT_EQ(reach_of(Multiaddr::parse("/dns/example.org/tcp/1")), Reach::anywhere);
}

}  // namespace
}  // namespace shoal::service
