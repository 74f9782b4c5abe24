#include "system/default_route.h"

#include <gtest/gtest.h>

#include <string>

namespace shoal {
namespace {

const std::string kHead = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\n";

TEST(DefaultRoute, takes_the_router_of_the_least_metric) {
  const std::string table = kHead +
                            "wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
                            "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
                            "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";
  EXPECT_EQ(parse_default_router(table), IpAddress::v4({192, 168, 1, 1}));
}

TEST(DefaultRoute, tells_where_there_is_none) {
  EXPECT_EQ(parse_default_router(""), std::nullopt);
  EXPECT_EQ(parse_default_router(kHead), std::nullopt);
  // A route to a network, a default without a router, and half a row.
  EXPECT_EQ(parse_default_router("eth0\t0000000A\t0101A8C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0\n"),
            std::nullopt);
  EXPECT_EQ(parse_default_router("ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n"),
            std::nullopt);
  EXPECT_EQ(parse_default_router("eth0\t00000000\t0101A8C0\t0003"), std::nullopt);
}

}  // namespace
}  // namespace shoal
