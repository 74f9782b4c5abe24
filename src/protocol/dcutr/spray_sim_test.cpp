#include "protocol/dcutr/spray.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "net/swarm_testing.h"
#include "system/sim/world.h"

namespace shoal::dcutr {
namespace {

const IpAddress kSomewhere = IpAddress::v4({203, 0, 113, 9});

class SprayTest : public ::testing::Test {
 protected:
  static PeerId peer(std::uint32_t seed) {
    return PeerId::from_public_key(net::testing::key_of(seed).public_key());
  }
  ErrorCode dial(const Multiaddr& target) {
    try {
      world.run(spray.dial(target, peer(1), {}));
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::failed;
  }

  sim::World world;
  sim::Host& host = world.add_host();
  net::testing::TestNode node{host};
  Spray spray{host.system(), node.upgrader, [] { return net::testing::TestNode::kPort; }};
};

TEST_F(SprayTest, takes_no_address_that_a_transport_or_a_peer_could_mean) {
  for (const char* text : {"/ip4/1.2.3.4/tcp/1", "/ip4/1.2.3.4/udp/1/quic-v1", "/ip6/::1/sctp/1",
                           "/ip4/1.2.3.4/sctp/1/ws"}) {
    EXPECT_FALSE(spray.handles(Multiaddr::parse(text))) << text;
  }
  EXPECT_TRUE(spray.handles(Spray::target_to_open({kSomewhere, 4001})));
  EXPECT_TRUE(spray.handles(Spray::target_to_guess(kSomewhere)));
}

TEST_F(SprayTest, nothing_is_sent_without_a_permit) {
  const Multiaddr target = Spray::target_to_guess(kSomewhere);
  EXPECT_EQ(dial(target), ErrorCode::unsupported);
  const auto other_peer = spray.permit(peer(2), target);
  EXPECT_EQ(dial(target), ErrorCode::unsupported);
  EXPECT_EQ(dial(Spray::target_to_guess(IpAddress::v4({203, 0, 113, 8}))), ErrorCode::unsupported);
}

TEST_F(SprayTest, one_at_a_time_and_not_again_at_an_address_for_a_while) {
  const Multiaddr target = Spray::target_to_guess(kSomewhere);
  auto first = spray.permit(peer(1), target);
  ASSERT_TRUE(first);
  EXPECT_FALSE(spray.permit(peer(2), Spray::target_to_guess(IpAddress::v4({203, 0, 113, 8}))));
  first.reset();
  EXPECT_FALSE(spray.permit(peer(2), target)) << "another peer that names the same address";
  EXPECT_TRUE(spray.permit(peer(2), Spray::target_to_open({kSomewhere, 1}))) << "the other part";
  EXPECT_FALSE(spray.permit(peer(2), Spray::target_to_open({kSomewhere, 2})));
  world.run_for(Spray::kPause - 1s);
  EXPECT_FALSE(spray.permit(peer(1), target));
  world.run_for(1s);
  EXPECT_TRUE(spray.permit(peer(1), target));
}

TEST_F(SprayTest, remembers_so_many_addresses_and_then_rests) {
  for (std::size_t i = 0; i < Spray::kMaxRemembered; ++i) {
    const IpAddress address = IpAddress::v4(
        {203, 0, static_cast<std::uint8_t>(i / 100), static_cast<std::uint8_t>(i % 100)});
    EXPECT_TRUE(spray.permit(peer(1), Spray::target_to_guess(address))) << i;
  }
  EXPECT_FALSE(spray.permit(peer(1), Spray::target_to_guess(kSomewhere)));
}

TEST_F(SprayTest, ends_in_time_where_nobody_is) {
  for (const Multiaddr& target :
       {Spray::target_to_guess(kSomewhere), Spray::target_to_open({kSomewhere, 4001})}) {
    const auto permit = spray.permit(peer(1), target);
    const TimePoint begun = world.now();
    const ErrorCode code = dial(target);
    EXPECT_TRUE(code == ErrorCode::timeout || code == ErrorCode::unreachable);
    EXPECT_LE(world.now() - begun, Spray::kTime);
    EXPECT_EQ(host.stream_count(), 0U);
  }
}

}  // namespace
}  // namespace shoal::dcutr
