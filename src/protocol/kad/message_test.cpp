#include "protocol/kad/message.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "protocol/kad/kad_testing.h"

namespace shoal::kad {
namespace {

using testing::peer_of;
using testing::public_address;

Message message_of(MessageType type, std::string_view key = "key") {
  Message out;
  out.type = type;
  out.key = to_bytes(key);
  return out;
}

std::optional<ErrorCode> decode_failure(const Message& message) {
  try {
    Message::decode(message.encode());
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

std::size_t peers_kept(std::size_t sent) {
  Message message = message_of(MessageType::find_node);
  for (std::size_t i = 0; i < sent; ++i) {
    message.closer.push_back({peer_of(i), {}, 0});
    message.providers.push_back({peer_of(i), {}, 0});
  }
  const Message read = Message::decode(message.encode());
  EXPECT_EQ(read.closer.size(), read.providers.size());
  return read.closer.size();
}

std::vector<Multiaddr> addresses_kept(std::vector<Multiaddr> sent) {
  Message message = message_of(MessageType::find_node);
  message.closer.push_back({peer_of(1), std::move(sent), 0});
  return Message::decode(message.encode()).closer.at(0).addresses;
}

TEST(KadMessage, reads_what_it_wrote) {
  Message message = message_of(MessageType::get_value, "/v/key");
  message.record = Record{to_bytes("/v/key"), to_bytes("value"), "2024-01-02T03:04:05Z"};
  message.closer = {{peer_of(1), {public_address(1), public_address(2)}, 1}, {peer_of(2), {}, 0}};
  message.providers = {{peer_of(3), {public_address(3)}, 3}};
  EXPECT_EQ(Message::decode(message.encode()), message);
  for (std::uint8_t type = 0; type <= 5; ++type) {
    const Message bare = message_of(static_cast<MessageType>(type));
    EXPECT_EQ(Message::decode(bare.encode()), bare);
  }
}

TEST(KadMessage, takes_a_message_without_type_as_put_value) {
  EXPECT_EQ(Message::decode({}).type, MessageType::put_value);
}

// The bytes of go-libp2p-kad-dht 0.39.
constexpr const char* kGoPeer = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
constexpr const char* kGoProvider = "QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN";

TEST(KadMessage, reads_a_request_of_go) {
  const Message read = Message::decode(from_hex(
      "080412260024080112202ffa35a99d3a3cfbb17bb7c1dc5561b18a8dcca4df38dc613ea859c37eb1336b50"
      "01"));
  Message expected;
  expected.type = MessageType::find_node;
  expected.key = to_bytes(PeerId::parse(kGoPeer).encoded());
  EXPECT_EQ(read, expected);
}

TEST(KadMessage, reads_an_answer_of_go) {
  const Message read = Message::decode(from_hex(
      "080312221220616161616161616161616161616161616161616161616161616161616161616142370a2600"
      "24080112202ffa35a99d3a3cfbb17bb7c1dc5561b18a8dcca4df38dc613ea859c37eb1336b120b04010203"
      "0491020fa1cd0318024a6c0a22122006b3608aa000274049eb28ad8e793a26ff6fab281a7d3bd77cd18eb7"
      "45dfaabb12392920010db8000000000000000000000001060fa1a50322122006b3608aa000274049eb28ad"
      "8e793a26ff6fab281a7d3bd77cd18eb745dfaabb120b040102030491020fa1cd035001"));
  const Multiaddr quic = Multiaddr::parse("/ip4/1.2.3.4/udp/4001/quic-v1");
  const Multiaddr tcp = Multiaddr::parse("/ip6/2001:db8::1/tcp/4001");
  Message expected = message_of(MessageType::get_providers, "\x12\x20" + std::string(32, 'a'));
  expected.closer = {{PeerId::parse(kGoPeer), {quic}, 2}};
  expected.providers = {{PeerId::parse(kGoProvider), {tcp, quic}, 0}};
  EXPECT_EQ(read, expected);
}

TEST(KadMessage, writes_a_record_as_go_does) {
  const std::string of_go =
      "12082f762f68656c6c6f1a270a082f762f68656c6c6f1205776f726c642a14323032342d30312d30325430"
      "333a30343a30355a5001";
  Message message = message_of(MessageType::put_value, "/v/hello");
  message.record = Record{to_bytes("/v/hello"), to_bytes("world"), "2024-01-02T03:04:05Z"};
  EXPECT_EQ(Message::decode(from_hex(of_go)), message);
  EXPECT_EQ(to_hex(message.encode()) + "5001", of_go);  // but for clusterLevelRaw
}

TEST(KadMessage, takes_off_the_peer_at_the_end_of_its_addresses) {
  const Multiaddr plain = public_address(1);
  const Multiaddr relayed =
      public_address(2).with_peer(peer_of(7)).encapsulate(Multiaddr::parse("/p2p-circuit"));
  EXPECT_EQ(addresses_kept({plain.with_peer(peer_of(1)), relayed.with_peer(peer_of(1)), relayed}),
            (std::vector{plain, relayed, relayed}));
}

TEST(KadMessage, leaves_out_addresses_of_another_peer_and_empty_ones) {
  EXPECT_TRUE(addresses_kept({public_address(1).with_peer(peer_of(2)), Multiaddr::p2p(peer_of(1)),
                              Multiaddr()})
                  .empty());
}

TEST(KadMessage, leaves_out_addresses_that_it_cannot_read) {
  // Message{FIND_NODE, closer: Peer{id, addresses: "??", /ip4/…}}
  Message message = message_of(MessageType::find_node, "");
  message.closer.push_back({peer_of(1), {Multiaddr::parse("/ip4/1.2.3.4"), public_address(1)}, 0});
  Bytes bytes = message.encode();
  const auto address = std::ranges::search(bytes, message.closer[0].addresses[0].encoded());
  *address.begin() = 0x7f;  // no protocol has that code
  EXPECT_EQ(Message::decode(bytes).closer.at(0).addresses, std::vector{public_address(1)});
}

TEST(KadMessage, leaves_out_peers_whose_id_it_cannot_read) {
  Message message = message_of(MessageType::find_node, "");
  message.closer = {{peer_of(1), {}, 0}, {peer_of(2), {}, 0}};
  Bytes bytes = message.encode();
  const auto id = std::ranges::search(bytes, peer_of(1).encoded());
  *id.begin() = 0x11;  // SHA-1
  const Message read = Message::decode(bytes);
  ASSERT_EQ(read.closer.size(), 1u);
  EXPECT_EQ(read.closer[0].id, peer_of(2));
}

// F3
TEST(KadMessage, keeps_the_first_40_peers_of_each_list) {
  EXPECT_EQ(peers_kept(Message::kMaxPeers), Message::kMaxPeers);
  EXPECT_EQ(peers_kept(Message::kMaxPeers + 1), Message::kMaxPeers);
}

// E2
TEST(KadMessage, keeps_16_addresses_of_a_peer) {
  std::vector<Multiaddr> many;
  for (std::uint32_t i = 0; i <= PeerInfo::kMaxAddresses; ++i) many.push_back(public_address(i));
  EXPECT_EQ(addresses_kept(many).size(), PeerInfo::kMaxAddresses);
}

// F6
TEST(KadMessage, takes_keys_of_80_bytes_and_no_more) {
  const std::string longest(kMaxKeyBytes, 'k');
  EXPECT_EQ(decode_failure(message_of(MessageType::get_value, longest)), std::nullopt);
  EXPECT_EQ(decode_failure(message_of(MessageType::get_value, longest + "k")), ErrorCode::limit);
}

// F9
TEST(KadMessage, takes_records_of_10_KiB_and_no_more) {
  Message message = message_of(MessageType::put_value);
  message.record = Record{Bytes(kMaxKeyBytes, 1), Bytes(Record::kMaxValueBytes, 2), {}};
  EXPECT_EQ(decode_failure(message), std::nullopt);
  message.record->value.push_back(2);
  EXPECT_EQ(decode_failure(message), ErrorCode::limit);
  message.record->value.clear();
  message.record->key.push_back(1);
  EXPECT_EQ(decode_failure(message), ErrorCode::limit);
}

TEST(KadMessage, refuses_unknown_types) {
  EXPECT_THROW(Message::decode(from_hex("0806")), Error);
  EXPECT_THROW(Message::decode(from_hex("08ffffffffffffffffff01")), Error);
}

TEST(KadMessage, refuses_what_is_cut_off_and_groups) {
  Message message = message_of(MessageType::get_value, "/v/key");
  message.closer = {{peer_of(1), {public_address(1)}, 1}};
  const Bytes whole = message.encode();
  EXPECT_THROW(Message::decode(ByteView(whole).first(whole.size() - 1)), Error);
  EXPECT_THROW(Message::decode(from_hex("0b0b0b0b")), Error);
}

TEST(KadMessage, skips_fields_that_it_does_not_know_and_wrong_wire_types) {
  // A field 100 of bytes, the key as a number, the type as bytes.
  const Message read =
      Message::decode(from_hex("a2060161"
                               "1001"
                               "0a0104"));
  EXPECT_EQ(read, message_of(MessageType::put_value, ""));
}

}  // namespace
}  // namespace shoal::kad
