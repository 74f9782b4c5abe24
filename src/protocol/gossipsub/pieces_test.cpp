#include "protocol/gossipsub/pieces.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "protocol/gossipsub/router_testing.h"

namespace shoal::gossipsub {
namespace {

using testing::key_of;
using testing::kTopic;
using testing::large_message;
using testing::only;
using testing::peer_of;
using testing::piece_of;
using testing::RouterUnderTest;
using testing::told;

constexpr std::size_t kPieceBytes = 1024;
constexpr std::size_t kMessageBytes = 10 * kPieceBytes;

/// A router with peers 1 to 5 in its mesh, and a large message of author 9.
class GossipsubPieces : public ::testing::Test {
 protected:
  GossipsubPieces() { begin(); }
  void begin(Parameters parameters = {}, bool validates = false) {
    parameters.pieces_threshold_bytes = 2 * kPieceBytes;
    parameters.piece_bytes = kPieceBytes;
    test.emplace(std::move(parameters));
    test->join(validates);
    for (unsigned peer = 1; peer <= 5; ++peer) {
      test->connect_with_trees(peer);
      test->say_graft(peer);
    }
    test->act();
  }
  /// Checks what is to be checked, as it is.
  std::vector<Action> finish() {
    std::vector<Action> out;
    for (std::vector<Action> more = test->act(); !more.empty(); more = test->act()) {
      for (const Verify& check : only<Verify>(more)) {
        test->router.verified(check.ticket, has_valid_signature(check.message->message), test->now);
      }
      for (const VerifyManifest& check : only<VerifyManifest>(more)) {
        test->router.manifest_verified(check.key, has_valid_signature(*check.manifest), test->now);
      }
      for (Action& action : more) out.push_back(std::move(action));
    }
    return out;
  }
  std::vector<Action> say_manifest(unsigned peer, const Bytes& encoded) {
    test->say(peer, {.manifests = {encoded}});
    return finish();
  }
  std::vector<Action> say_manifest(unsigned peer) {
    return say_manifest(peer, message->manifest->encode());
  }
  std::vector<Action> say_piece(unsigned peer, std::uint32_t index) {
    test->say(peer, {.pieces = {piece_of(message, index)}});
    return finish();
  }
  std::vector<Action> say_have(unsigned peer, std::vector<std::uint32_t> indexes) {
    test->say(peer, {.have = {{key(), std::move(indexes)}}});
    return finish();
  }
  ManifestKey key() const { return manifest_key(message->manifest->encode()); }
  std::uint32_t count() const { return static_cast<std::uint32_t>(message->manifest->pieces()); }
  static std::size_t wanted_of(const std::vector<Action>& actions, unsigned peer) {
    std::size_t out = 0;
    for (const PieceList& list : told(actions, peer).trees.want) out += list.indexes.size();
    return out;
  }

  std::optional<RouterUnderTest> test;
  MessagePtr message = large_message(9, 1, kMessageBytes, kPieceBytes);
};

TEST_F(GossipsubPieces, become_the_message) {
  say_manifest(1);
  for (std::uint32_t index = 0; index + 1 < count(); ++index) {
    EXPECT_TRUE(only<Deliver>(say_piece(1 + index % 3, index)).empty());
  }
  const auto delivered = only<Deliver>(say_piece(2, count() - 1));
  ASSERT_EQ(delivered.size(), 1U);
  EXPECT_EQ(delivered[0].message->message, message->message);
  EXPECT_TRUE(only<Deliver>(say_piece(2, 0)).empty());
}

TEST_F(GossipsubPieces, a_manifest_is_passed_on_when_it_is_verified) {
  test->say(1, {.manifests = {message->manifest->encode()}});
  const auto before = test->act();
  EXPECT_TRUE(only<SendControl>(before).empty());
  test->router.manifest_verified(key(), true, test->now);
  const auto after = finish();
  EXPECT_TRUE(told(after, 1).trees.manifests.empty());
  EXPECT_EQ(told(after, 2).trees.manifests.size(), 1U);
}

TEST_F(GossipsubPieces, a_piece_is_passed_on_before_the_others_are_there) {
  say_manifest(1);
  const PieceList expected{key(), {3}};
  EXPECT_EQ(told(say_piece(1, 3), 2).trees.have, std::vector<PieceList>{expected});
  test->say(2, {.want = {{key(), {3, 4}}}});
  const auto sent = only<SendPiece>(finish());
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(decode_rpc(sent[0].rpc.view()).trees.pieces, std::vector<Piece>{piece_of(message, 3)});
}

TEST_F(GossipsubPieces, are_requested_from_several_a_few_at_a_time) {
  say_manifest(1);
  std::vector<std::uint32_t> all;
  for (std::uint32_t index = 0; index < count(); ++index) all.push_back(index);
  EXPECT_EQ(wanted_of(say_have(1, all), 1), Transfer::kWindow);
  EXPECT_EQ(wanted_of(say_have(2, all), 2), Transfer::kWindow);
  EXPECT_EQ(wanted_of(say_have(3, all), 3), count() - 2 * Transfer::kWindow);
}

TEST_F(GossipsubPieces, of_a_peer_that_stalls_are_requested_of_another) {
  say_manifest(1);
  EXPECT_EQ(wanted_of(say_have(1, {0}), 1), 1U);
  EXPECT_EQ(wanted_of(say_have(2, {0}), 2), 0U);
  test->pass(Transfer::kStall + Pieces::kTick);
  EXPECT_EQ(wanted_of(finish(), 2), 1U);
}

TEST_F(GossipsubPieces, of_a_peer_that_leaves_are_requested_of_another) {
  say_manifest(1);
  say_have(1, {0});
  say_have(2, {0});
  test->router.disconnected(peer_of(1), test->now);
  test->pass(Pieces::kTick);
  EXPECT_EQ(wanted_of(finish(), 2), 1U);
}

TEST_F(GossipsubPieces, with_a_wrong_hash_cost_who_sent_them) {
  say_manifest(1);
  Piece bad = piece_of(message, 0);
  bad.data[0] ^= 1;
  test->say(2, {.pieces = {bad}});
  EXPECT_TRUE(told(finish(), 3).trees.have.empty());
  EXPECT_LT(test->router.score(peer_of(2)), 0);
  EXPECT_EQ(test->router.score(peer_of(1)), 0);
}

TEST_F(GossipsubPieces, of_a_forged_manifest_go_nowhere) {
  Manifest forged = *message->manifest;
  forged.hashes[0][0] ^= 1;
  const auto actions = say_manifest(1, forged.encode());
  EXPECT_TRUE(only<SendControl>(actions).empty());
  EXPECT_EQ(test->router.pieces().size(), 0U);
  EXPECT_LT(test->router.score(peer_of(1)), 0);
}

TEST_F(GossipsubPieces, that_make_an_invalid_message_cost_the_author_alone) {
  Message wrong = message->message;
  (*wrong.data)[0] ^= 1;  // the signature is for another
  const MessagePtr stored = store_message(wrong, message->id);
  message = store_message(
      wrong, message->id,
      std::make_shared<const Manifest>(make_manifest(key_of(9), *stored, kPieceBytes)));
  say_manifest(1);
  for (std::uint32_t index = 0; index < count(); ++index) {
    EXPECT_TRUE(only<Deliver>(say_piece(2, index)).empty());
  }
  EXPECT_EQ(test->router.score(peer_of(1)), 0);
  EXPECT_EQ(test->router.score(peer_of(2)), 0);
  EXPECT_EQ(test->router.counts().rejected, 1U);
  // Nothing more of that author is taken in pieces.
  message = large_message(9, 2, kMessageBytes, kPieceBytes);
  say_manifest(1);
  EXPECT_EQ(test->router.pieces().size(), 0U);
}

TEST_F(GossipsubPieces, of_one_author_and_of_one_peer_are_bounded) {
  for (std::uint64_t number = 0; number < 2 * Pieces::kMaxPerAuthor; ++number) {
    message = large_message(9, number, 3 * kPieceBytes, kPieceBytes);
    say_manifest(1);
  }
  EXPECT_EQ(test->router.pieces().size(), Pieces::kMaxPerAuthor);
  for (unsigned author = 10; author < 10 + 2 * Pieces::kMaxPerPeer; ++author) {
    message = large_message(author, 1, 3 * kPieceBytes, kPieceBytes);
    say_manifest(1);
  }
  EXPECT_EQ(test->router.pieces().size(), Pieces::kMaxPerPeer);
  test->pass(Pieces::kLifetime + Pieces::kTick);
  EXPECT_EQ(test->router.pieces().size(), 0U);
}

TEST_F(GossipsubPieces, own_message_is_seeded_once_and_offered_later) {
  const MessagePtr own = large_message(RouterUnderTest::kSelf, 1, kMessageBytes, kPieceBytes);
  test->router.publish(own, test->now);
  const auto first = test->act();
  EXPECT_TRUE(only<SendMessage>(first).empty());
  EXPECT_EQ(only<SendPiece>(first).size(), own->manifest->pieces());
  for (unsigned peer = 1; peer <= 5; ++peer) {
    EXPECT_EQ(told(first, peer).trees.manifests.size(), 1U);
    EXPECT_TRUE(told(first, peer).trees.have.empty());
  }
  test->pass(Pieces::kSeedPatience + Pieces::kTick);
  ASSERT_EQ(told(test->act(), 1).trees.have.size(), 1U);
}

TEST_F(GossipsubPieces, own_piece_is_offered_soon_after_somebody_has_it) {
  message = large_message(RouterUnderTest::kSelf, 1, kMessageBytes, kPieceBytes);
  test->router.publish(message, test->now);
  test->act();
  say_have(1, {4});
  test->pass(Pieces::kSeedDelay + Pieces::kTick);
  const PieceList expected{key(), {4}};
  EXPECT_EQ(told(test->act(), 2).trees.have, std::vector<PieceList>{expected});
}

TEST_F(GossipsubPieces, own_message_is_owed_until_each_piece_was_sent_or_is_there) {
  message = large_message(RouterUnderTest::kSelf, 1, kMessageBytes, kPieceBytes);
  test->router.publish(message, test->now);
  test->act();
  EXPECT_TRUE(test->router.pieces().is_owed(peer_of(1)));
  std::vector<std::uint32_t> all;
  for (std::uint32_t index = 0; index < count(); ++index) all.push_back(index);
  say_have(1, all);
  EXPECT_FALSE(test->router.pieces().is_owed(peer_of(1)));
  test->say(2, {.want = {{key(), all}}});
  finish();
  EXPECT_FALSE(test->router.pieces().is_owed(peer_of(2)));
}

TEST_F(GossipsubPieces, peers_without_the_extension_get_the_message) {
  test->connect(6, Version::v1_2);
  test->say_subscribed(6);
  test->say_graft(6);
  test->act();
  say_manifest(1);
  std::vector<Action> last;
  for (std::uint32_t index = 0; index < count(); ++index) last = say_piece(1, index);
  const auto sent = only<SendMessage>(last);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].peer, peer_of(6));
}

TEST_F(GossipsubPieces, nothing_is_passed_on_before_a_validator_accepts) {
  begin({}, true);
  EXPECT_TRUE(told(say_manifest(1), 2).trees.empty());
  std::vector<Action> last;
  for (std::uint32_t index = 0; index < count(); ++index) {
    last = say_piece(1, index);
    EXPECT_TRUE(told(last, 2).trees.empty());
  }
  const auto checks = only<Validate>(last);
  ASSERT_EQ(checks.size(), 1U);
  test->router.validated(checks[0].ticket, Verdict::accept, test->now);
  const TreeMessages told_now = told(finish(), 2).trees;
  EXPECT_EQ(told_now.manifests.size(), 1U);
  EXPECT_EQ(told_now.have.size(), 1U);
}

TEST_F(GossipsubPieces, are_offered_to_who_asks_for_the_message_by_its_id) {
  say_manifest(1);
  for (std::uint32_t index = 0; index < count(); ++index) say_piece(1, index);
  test->connect_with_trees(7);
  test->act();
  test->say_iwant(7, {message->id});
  const auto actions = test->act();
  EXPECT_TRUE(only<SendMessage>(actions).empty());
  EXPECT_EQ(told(actions, 7).trees.manifests.size(), 1U);
  EXPECT_EQ(told(actions, 7).trees.have.size(), 1U);
}

TEST_F(GossipsubPieces, the_same_piece_is_sent_to_a_peer_twice_at_most) {
  say_manifest(1);
  say_piece(1, 0);
  std::size_t sent = 0;
  for (int i = 0; i < 10; ++i) {
    test->say(2, {.want = {{key(), {0, 0, 0}}}});
    sent += only<SendPiece>(finish()).size();
  }
  EXPECT_EQ(sent, Transfer::kMaxSends);
}

TEST_F(GossipsubPieces, a_message_that_comes_whole_is_offered_in_pieces) {
  say_manifest(1);
  test->connect(6, Version::v1_2);
  test->say_subscribed(6);
  test->send_message(6, message->message);
  const auto actions = finish();
  EXPECT_EQ(only<Deliver>(actions).size(), 1U);
  EXPECT_TRUE(only<SendMessage>(actions).empty());
}

TEST_F(GossipsubPieces, with_numbers_out_of_range_are_left_alone) {
  say_manifest(1);
  say_have(1, {count(), ~0U});
  test->say(1, {.want = {{key(), {count(), ~0U}}}});
  EXPECT_TRUE(only<SendPiece>(finish()).empty());
  test->say(1, {.pieces = {{key(), count(), to_bytes("x")}}});
  finish();
  EXPECT_LT(test->router.score(peer_of(1)), 0);
}

TEST(GossipsubManifest, decodes_what_it_encodes_and_verifies) {
  const MessagePtr message = large_message(9, 1, kMessageBytes, kPieceBytes);
  const Manifest read = Manifest::decode(message->manifest->encode());
  EXPECT_EQ(read.encode(), message->manifest->encode());
  EXPECT_TRUE(has_valid_signature(read));
  EXPECT_TRUE(names(read, message->message));
  EXPECT_EQ(read.id(), message->id);
}

TEST(GossipsubManifest, refuses_one_that_contradicts_itself) {
  const Manifest good = *large_message(9, 1, kMessageBytes, kPieceBytes)->manifest;
  const auto refused = [](const Manifest& manifest) {
    try {
      Manifest::decode(manifest.encode());
      return false;
    } catch (const Error& error) {
      return error.code() == ErrorCode::malformed;
    }
  };
  EXPECT_FALSE(refused(good));
  Manifest bad = good;
  bad.hashes.pop_back();
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad.message_bytes = ~std::uint64_t{0};
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad.piece_bytes = kMinPieceBytes - 1;
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad.seqno.pop_back();
  EXPECT_TRUE(refused(bad));
}

}  // namespace
}  // namespace shoal::gossipsub
