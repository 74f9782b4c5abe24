#include <gtest/gtest.h>

#include "protocol/gossipsub/router_testing.h"

namespace shoal::gossipsub::testing {
namespace {

TEST(GossipsubPolicy, a_topic_may_go_without_signatures) {
  RouterUnderTest under;
  under.router.set_policy(kTopic, SignaturePolicy::strict_no_sign);
  under.connect_many(1);
  under.join();
  under.act();
  under.send_message(1, anonymous_message(kTopic, to_bytes("hello")));
  const auto actions = under.act();
  EXPECT_EQ(only<Deliver>(actions).size(), 1U);
  EXPECT_TRUE(only<Verify>(actions).empty());
  under.send_message(1, message_of(1, 1));
  EXPECT_TRUE(only<Deliver>(under.act()).empty());
  EXPECT_EQ(under.router.counts().rejected, 1U);
}

TEST(GossipsubPolicy, other_topics_keep_theirs) {
  RouterUnderTest under;
  under.router.set_policy("another", SignaturePolicy::strict_no_sign);
  under.connect_many(1);
  under.join();
  under.act();
  under.send_message(1, anonymous_message(kTopic, to_bytes("hello")));
  EXPECT_TRUE(only<Deliver>(under.act()).empty());
  under.send_message(1, message_of(1, 1));
  EXPECT_EQ(only<Verify>(under.act()).size(), 1U);
}

TEST(GossipsubMembership, is_told_once_for_each_change) {
  RouterUnderTest under;
  under.connect(1);
  under.say_subscribed(1);
  under.say_subscribed(1);
  const Membership joined{kTopic, peer_of(1), true};
  const Membership left{kTopic, peer_of(1), false};
  EXPECT_EQ(under.router.take_memberships(), std::vector{joined});
  under.say_subscribed(1, kTopic, false);
  under.say_subscribed(1, kTopic, false);
  EXPECT_EQ(under.router.take_memberships(), std::vector{left});
  under.say_subscribed(1);
  under.router.disconnected(peer_of(1), under.now);
  EXPECT_EQ(under.router.take_memberships(), (std::vector{joined, left}));
}

}  // namespace
}  // namespace shoal::gossipsub::testing
