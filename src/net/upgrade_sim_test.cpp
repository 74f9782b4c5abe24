#include "net/upgrade.h"

#include <gtest/gtest.h>

#include <vector>

#include "net/security/security_testing.h"
#include "net/swarm_testing.h"

namespace shoal::net {
namespace {

using testing::echo;
using testing::failure_of;
using testing::kEcho;
using testing::pattern_bytes;
using testing::read_to_end;
using testing::TestNet;
using testing::TestNode;

const pnet::NetworkKey kNetwork{Bytes(32, 1)};

/// Two nodes; the second answers echo.
struct UpgradePair {
  UpgradePair(UpgradeOptions of_a, UpgradeOptions of_b)
      : a(net.add({.upgrade = std::move(of_a)})), b(net.add({.upgrade = std::move(of_b)})) {
    b.swarm.protocols().add(kEcho, echo);
    a.knows(b);
  }

  /// Echoes some bytes; the security protocol of the connection.
  std::string exchange() {
    ProtocolStream opened = net.world.run(a.swarm.open(b.id, {kEcho}));
    const Bytes sent = pattern_bytes(200'000);
    TaskGroup work(net.world.waits(), "sender");
    work.spawn(testing::send_all(*opened.stream, sent));
    EXPECT_EQ(net.world.run(read_to_end(*opened.stream)), sent);
    net.world.run(work.join());
    return a.swarm.best(b.id)->security();
  }

  std::optional<Error> failure() { return net.world.run(failure_of(a.swarm.connect(b.id))); }

  TestNet net;
  TestNode& a;
  TestNode& b;
};

TEST(Upgrade, takes_the_dialers_first_security_protocol) {
  EXPECT_EQ(UpgradePair({}, {}).exchange(), "/noise");
  EXPECT_EQ(UpgradePair({.security = {Security::tls, Security::noise}}, {}).exchange(),
            "/tls/1.0.0");
}

TEST(Upgrade, dials_again_by_the_next_one_when_the_peer_lacks_the_first) {
  EXPECT_EQ(UpgradePair({}, {.security = {Security::tls}}).exchange(), "/tls/1.0.0");
  EXPECT_EQ(
      UpgradePair({.security = {Security::tls, Security::noise}}, {.security = {Security::noise}})
          .exchange(),
      "/noise");
}

TEST(Upgrade, fails_without_a_common_security_protocol) {
  const auto failure =
      UpgradePair({.security = {Security::noise}}, {.security = {Security::tls}}).failure();
  EXPECT_TRUE(failure.has_value());
}

TEST(Upgrade, connects_members_of_a_private_network) {
  EXPECT_EQ(UpgradePair({.network_key = kNetwork}, {.network_key = kNetwork}).exchange(), "/noise");
}

TEST(Upgrade, keeps_members_of_a_private_network_apart_from_all_others) {
  const pnet::NetworkKey other{Bytes(32, 2)};
  EXPECT_TRUE(UpgradePair({.network_key = kNetwork}, {}).failure().has_value());
  EXPECT_TRUE(UpgradePair({}, {.network_key = kNetwork}).failure().has_value());
  const auto failure = UpgradePair({.network_key = kNetwork}, {.network_key = other}).failure();
  ASSERT_TRUE(failure.has_value());
  EXPECT_NE(std::string(failure->what()).find("private network"), std::string::npos);
}

}  // namespace
}  // namespace shoal::net
