#include "protocol/gossipsub/rpc.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "protocol/gossipsub/router_testing.h"

namespace shoal::gossipsub {
namespace {

using testing::key_of;
using testing::kTopic;
using testing::message_of;
using testing::peer_of;

Rpc full_rpc() {
  Rpc rpc;
  rpc.subscriptions = {{true, "a"}, {false, "b"}};
  rpc.publish = {message_of(1, 5), anonymous_message("b", {})};
  rpc.control.ihave = {{"a", {"one", "two"}}, {"b", {"three"}}};
  rpc.control.iwant = {"four"};
  rpc.control.graft = {"a"};
  rpc.control.prune = {{"b", {{to_bytes(peer_of(2).encoded()), to_bytes("record")}}, 60}};
  rpc.control.idontwant = {"five", "six"};
  rpc.control.extensions = Extensions{.trees = true};
  rpc.trees.choke = {1, ~TreeKey{0}};
  rpc.trees.unchoke = {2};
  rpc.trees.announce = {{"a", {"seven", "eight"}}};
  rpc.trees.manifests = {to_bytes("manifest")};
  rpc.trees.have = {{3, {0, 1, 200}}};
  rpc.trees.want = {{4, {5}}};
  rpc.trees.pieces = {{5, 6, to_bytes("data")}};
  rpc.trees.renewed = true;
  return rpc;
}

Rpc decode_all(const std::vector<Bytes>& pieces) {
  Rpc out;
  const auto add = [](auto& into, const auto& more) {
    into.insert(into.end(), more.begin(), more.end());
  };
  for (const Bytes& piece : pieces) {
    const Rpc part = decode_rpc(piece);
    add(out.subscriptions, part.subscriptions);
    add(out.publish, part.publish);
    for (const IHave& ihave : part.control.ihave) {
      const bool more = !out.control.ihave.empty() && out.control.ihave.back().topic == ihave.topic;
      if (more) {
        add(out.control.ihave.back().ids, ihave.ids);
      } else {
        out.control.ihave.push_back(ihave);
      }
    }
    add(out.control.iwant, part.control.iwant);
    add(out.control.graft, part.control.graft);
    add(out.control.prune, part.control.prune);
    add(out.control.idontwant, part.control.idontwant);
    if (part.control.extensions) out.control.extensions = part.control.extensions;
    add(out.trees.choke, part.trees.choke);
    add(out.trees.unchoke, part.trees.unchoke);
    add(out.trees.announce, part.trees.announce);
    add(out.trees.manifests, part.trees.manifests);
    add(out.trees.have, part.trees.have);
    add(out.trees.want, part.trees.want);
    add(out.trees.pieces, part.trees.pieces);
    out.trees.renewed |= part.trees.renewed;
  }
  return out;
}

TEST(GossipsubRpc, decodes_what_it_encodes) {
  const auto pieces = encode_rpc(full_rpc());
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(decode_rpc(pieces[0]), full_rpc());
}

TEST(GossipsubRpc, encodes_as_the_protobuf_of_the_spec) {
  Rpc rpc;
  rpc.subscriptions = {{true, "ab"}};
  rpc.control.graft = {"c"};
  // subscriptions {1: true, 2: "ab"}, control {graft {1: "c"}}
  EXPECT_EQ(to_hex(encode_rpc(rpc).at(0)),
            "0a06080112026162"
            "1a051a030a0163");
}

TEST(GossipsubRpc, splits_control_beyond_the_limit) {
  Rpc rpc;
  for (int i = 0; i < 300; ++i) rpc.control.iwant.push_back("id of message " + std::to_string(i));
  rpc.control.ihave = {{"a", rpc.control.iwant}};
  for (int i = 0; i < 100; ++i) rpc.control.graft.push_back("topic " + std::to_string(i));
  const auto pieces = encode_rpc(rpc, 1024);
  EXPECT_GT(pieces.size(), 10U);
  for (const Bytes& piece : pieces) EXPECT_LE(piece.size(), 1024U);
  EXPECT_EQ(decode_all(pieces), rpc);
}

TEST(GossipsubRpc, keeps_entries_up_to_the_limits) {
  Rpc rpc;
  rpc.subscriptions.assign(kMaxSubscriptionsPerRpc + 1, {true, "a"});
  rpc.publish.assign(kMaxMessagesPerRpc + 1, anonymous_message("a", {}));
  rpc.control.ihave = {{"a", std::vector<MessageId>(kMaxIdsPerRpc - 1, "x")}, {"b", {"y", "z"}}};
  rpc.control.iwant.assign(kMaxIdsPerRpc + 1, "x");
  rpc.control.idontwant.assign(kMaxIdsPerRpc + 1, "x");
  rpc.control.graft.assign(kMaxEntriesPerRpc + 1, "a");
  rpc.control.prune.assign(kMaxEntriesPerRpc + 1,
                           {.topic = "a", .peers = {}, .backoff_seconds = 1});
  rpc.control.prune[0].peers.assign(kMaxPeersPerPrune + 1, {to_bytes("id"), {}});
  const Rpc read = decode_rpc(encode_rpc(rpc).at(0));
  EXPECT_EQ(read.subscriptions.size(), kMaxSubscriptionsPerRpc);
  EXPECT_EQ(read.publish.size(), kMaxMessagesPerRpc);
  EXPECT_EQ(read.control.ihave[0].ids.size() + read.control.ihave[1].ids.size(), kMaxIdsPerRpc);
  EXPECT_EQ(read.control.iwant.size(), kMaxIdsPerRpc);
  EXPECT_EQ(read.control.idontwant.size(), kMaxIdsPerRpc);
  EXPECT_EQ(read.control.graft.size(), kMaxEntriesPerRpc);
  EXPECT_EQ(read.control.prune.size(), kMaxEntriesPerRpc);
  EXPECT_EQ(read.control.prune[0].peers.size(), kMaxPeersPerPrune);
}

TEST(GossipsubRpc, leaves_out_what_is_too_long) {
  const std::string topic(kMaxTopicBytes, 't');
  const std::string id(kMaxMessageIdBytes, 'i');
  Rpc rpc;
  rpc.subscriptions = {{true, topic}, {true, topic + "t"}};
  rpc.publish = {anonymous_message(topic, {}), anonymous_message(topic + "t", {})};
  rpc.control.graft = {topic + "t", topic};
  rpc.control.iwant = {id + "i", id};
  rpc.control.ihave = {{topic + "t", {"x"}}, {topic, {id, id + "i"}}};
  const Rpc read = decode_rpc(encode_rpc(rpc).at(0));
  EXPECT_EQ(read.subscriptions.size(), 1U);
  EXPECT_EQ(read.publish.size(), 1U);
  EXPECT_EQ(read.control.graft, std::vector<std::string>{topic});
  EXPECT_EQ(read.control.iwant, std::vector<MessageId>{id});
  EXPECT_EQ(read.control.ihave, (std::vector<IHave>{{topic, {id}}}));
}

TEST(GossipsubRpc, refuses_what_is_no_protobuf) {
  Bytes cut = encode_rpc(full_rpc()).at(0);
  cut.pop_back();
  for (const Bytes& bytes : {cut, from_hex("0a05"), from_hex("12020a05"), from_hex("ff")}) {
    try {
      decode_rpc(bytes);
      ADD_FAILURE() << to_hex(bytes);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::malformed);
    }
  }
}

TEST(GossipsubRpc, refuses_a_message_without_topic) {
  try {
    decode_rpc(from_hex("12031201aa"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::malformed);
  }
}

TEST(GossipsubMessage, has_a_signature_of_its_author) {
  const Message message = message_of(1, 0x0102030405060708);
  EXPECT_TRUE(follows_policy(message, SignaturePolicy::strict_sign));
  EXPECT_FALSE(follows_policy(message, SignaturePolicy::strict_no_sign));
  EXPECT_EQ(to_hex(*message.seqno), "0102030405060708");
  EXPECT_FALSE(message.key.has_value());
  EXPECT_TRUE(has_valid_signature(message));
  EXPECT_TRUE(has_valid_signature(Message::decode(message.encode())));
}

TEST(GossipsubMessage, a_signature_covers_every_field) {
  const Message good = message_of(1, 1);
  std::vector<Message> bad(6, good);
  bad[0].from = to_bytes(peer_of(2).encoded());
  bad[1].data->push_back(0);
  (*bad[2].seqno)[7] ^= 1;
  bad[3].topic += "s";
  bad[4].unknown = from_hex("3a0161");
  (*bad[5].signature)[0] ^= 1;
  for (const Message& message : bad) EXPECT_FALSE(has_valid_signature(message));
}

TEST(GossipsubMessage, signs_the_prefixed_protobuf_of_the_spec) {
  const Message message = message_of(1, 1, "hi");
  Message unsigned_one = message;
  unsigned_one.signature.reset();
  Bytes covered = to_bytes(std::string_view("libp2p-pubsub:"));
  append(covered, unsigned_one.encode());
  EXPECT_TRUE(key_of(1).public_key().verify(covered, *message.signature));
}

TEST(GossipsubMessage, a_shown_key_must_be_the_authors) {
  const auto rsa = crypto::PrivateKey::generate(crypto::KeyType::rsa);
  Message message = sign_message(rsa, 1, kTopic, to_bytes(std::string_view("x")));
  ASSERT_TRUE(message.key.has_value());
  EXPECT_TRUE(has_valid_signature(message));
  Message without = message;
  without.key.reset();
  EXPECT_FALSE(has_valid_signature(without));
  // Signed by one, said to be by another.
  Message forged = message;
  forged.from = to_bytes(peer_of(2).encoded());
  EXPECT_FALSE(has_valid_signature(forged));
  message.key = to_bytes(std::string_view("no key"));
  EXPECT_FALSE(has_valid_signature(message));
  message = message_of(1, 1);
  message.from = to_bytes(std::string_view("no peer"));
  EXPECT_FALSE(has_valid_signature(message));
}

TEST(GossipsubMessage, unsigned_policy_allows_no_trace_of_an_author) {
  const Message good = anonymous_message(kTopic, {});
  EXPECT_TRUE(follows_policy(good, SignaturePolicy::strict_no_sign));
  EXPECT_FALSE(follows_policy(good, SignaturePolicy::strict_sign));
  std::vector<Message> bad(4, good);
  bad[0].from.emplace();
  bad[1].seqno.emplace();
  bad[2].signature.emplace();
  bad[3].key.emplace();
  for (const Message& message : bad) {
    EXPECT_FALSE(
        follows_policy(Message::decode(message.encode()), SignaturePolicy::strict_no_sign));
  }
}

TEST(GossipsubMessage, a_sequence_number_has_eight_bytes) {
  Message message = message_of(1, 1);
  message.seqno->push_back(0);
  EXPECT_FALSE(follows_policy(message, SignaturePolicy::strict_sign));
}

TEST(GossipsubMessage, the_id_is_author_and_sequence_number) {
  const Message message = message_of(1, 1);
  Bytes id = to_bytes(peer_of(1).encoded());
  append(id, *message.seqno);
  EXPECT_EQ(default_message_id(message), as_text(id));
  EXPECT_EQ(default_message_id(anonymous_message("a", {})).size(), 32U);
}

}  // namespace
}  // namespace shoal::gossipsub
