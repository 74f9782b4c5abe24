#include <gtest/gtest.h>

#include "protocol/gossipsub/router_testing.h"

// What has broken others and is not among the scripted attackers of router_attack_test.cpp: on each
// protocol, as an older one must not be the way around a limit.

namespace shoal::gossipsub {
namespace {

using testing::key_of;
using testing::kTopic;
using testing::message_of;
using testing::only;
using testing::peer_of;
using testing::RouterUnderTest;

class GossipsubRows : public ::testing::TestWithParam<Version> {
 protected:
  GossipsubRows() {
    test.join();
    test.connect(1, GetParam());
    test.say_subscribed(1);
    test.act();
  }
  /// What the peer's message comes to, once its signature was looked at.
  void send(const Message& message) {
    test.send_message(1, message);
    for (const Verify& check : only<Verify>(test.act())) {
      test.router.verified(check.ticket, has_valid_signature(check.message->message), test.now);
    }
  }

  RouterUnderTest test;
};

// G5
TEST_P(GossipsubRows, a_megabyte_of_tiny_ids_is_cut_before_it_is_kept) {
  Rpc rpc;
  rpc.control.idontwant.assign(300'000, "x");
  rpc.control.ihave = {{kTopic, std::vector<MessageId>(20'000, "y")}};
  for (const Bytes& bytes : encode_rpc(rpc, 1024 * 1024)) {
    const Rpc read = decode_rpc(bytes);
    EXPECT_LE(read.control.idontwant.size(), kMaxIdsPerRpc);
    test.router.receive(peer_of(1), bytes, test.now);
  }
  EXPECT_LE(test.router.peers().at(peer_of(1)).unwanted.size(), 10U);
}

// G9
TEST_P(GossipsubRows, a_message_with_the_key_of_another_is_not_delivered) {
  const auto rsa = crypto::PrivateKey::generate(crypto::KeyType::rsa);
  const Message honest = sign_message(rsa, 1, kTopic, to_bytes(std::string_view("x")));
  Message other = honest;
  other.from = to_bytes(peer_of(2).encoded());
  Message malformed = honest;
  malformed.key = to_bytes(std::string_view("no key"));
  Message swapped = message_of(3, 1);
  swapped.key = honest.key;
  for (const Message& bad : {other, malformed, swapped}) send(bad);
  EXPECT_EQ(test.router.counts().delivered, 0U);
  EXPECT_LT(test.router.score(peer_of(1)), 0);
  send(honest);
  EXPECT_EQ(test.router.counts().delivered, 1U);
}

INSTANTIATE_TEST_SUITE_P(OnEachProtocol, GossipsubRows,
                         ::testing::Values(Version::floodsub, Version::v1_1, Version::v1_2,
                                           Version::v1_3));

}  // namespace
}  // namespace shoal::gossipsub
