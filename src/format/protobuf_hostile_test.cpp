#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "base/varint.h"
#include "format/dag_pb.h"
#include "format/envelope.h"
#include "format/ipld_testing.h"
#include "format/key_codec.h"
#include "format/peer_record.h"
#include "format/unixfs.h"

// What every decoder of a protobuf message must bear, whatever the message is for.

namespace shoal {
namespace {

using testing::code_thrown_by;

constexpr std::uint8_t kRecordType[] = {0x03, 0x01};

const crypto::PrivateKey& key() {
  static const auto kept = crypto::PrivateKey::ed25519_from_seed(Bytes(32, 1));
  return kept;
}

/// Each decoder, and as many bytes as it takes.
const std::vector<std::pair<std::size_t, std::function<void(ByteView)>>>& decoders() {
  static const std::vector<std::pair<std::size_t, std::function<void(ByteView)>>> all = {
      {1 << 20, [](ByteView bytes) { decode_dag_pb(bytes); }},
      {1 << 20, [](ByteView bytes) { decode_unixfs(bytes); }},
      {Envelope::kMaxBytes, [](ByteView bytes) { open_envelope(bytes, "test", kRecordType); }},
      {kMaxPublicKeyBytes, [](ByteView bytes) { decode_public_key(bytes); }},
      {kMaxPrivateKeyBytes, [](ByteView bytes) { decode_private_key(bytes); }},
      {7000,
       [](ByteView bytes) {
         open_peer_record(seal_envelope(key(), "libp2p-peer-record", kRecordType, bytes));
       }},
  };
  return all;
}

TEST(ProtobufHostile, B7_groups_are_refused_however_deep) {
  for (const auto& [most, decode] : decoders()) {
    for (const int open : {0x0b, 0x7b}) {  // of a field that is known, and of another
      Bytes groups(std::min<std::size_t>(most / 2, 100'000), static_cast<std::uint8_t>(open));
      groups.resize(2 * groups.size(), static_cast<std::uint8_t>(open + 1));
      EXPECT_EQ(code_thrown_by([&] { decode(groups); }), ErrorCode::malformed) << most;
    }
  }
}

TEST(ProtobufHostile, B7_messages_nested_in_each_other_cost_no_depth) {
  // Each is all that its field holds: 0a LENGTH [0a LENGTH [...]].
  Bytes nested;
  while (nested.size() < 3000) {
    Bytes outer = {0x0a};
    append_varint(outer, nested.size());
    append(outer, nested);
    nested = std::move(outer);
  }
  for (const auto& [most, decode] : decoders()) {
    if (most < nested.size()) continue;
    try {
      decode(nested);  // dag-pb takes it for data; the others say in their own words what they miss
    } catch (const Error& error) {
      EXPECT_NE(error.code(), ErrorCode::failed) << error.what();
    }
  }
}

TEST(ProtobufHostile, B2_B7_lengths_beyond_the_message_are_refused) {
  for (const auto& [most, decode] : decoders()) {
    for (const int tag : {0x0a, 0x12, 0x1a, 0x22, 0x7a}) {
      for (const char* length : {"01", "7f", "ffffffff0f", "ffffffffffffffff7f",
                                 "ffffffffffffffffff01", "feffffffffffffffff01"}) {
        Bytes message = {static_cast<std::uint8_t>(tag)};
        append(message, from_hex(length));
        EXPECT_EQ(code_thrown_by([&] { decode(message); }), ErrorCode::malformed)
            << most << " " << to_hex(message);
      }
    }
  }
}

TEST(ProtobufHostile, B3_varints_that_shift_past_the_word_are_refused) {
  for (const auto& [most, decode] : decoders()) {
    for (const char* message : {"ffffffffffffffffffff01", "08ffffffffffffffffffff01",
                                "10ffffffffffffffffffff01", "80808080808080808080808001"}) {
      EXPECT_EQ(code_thrown_by([&] { decode(from_hex(message)); }), ErrorCode::malformed)
          << most << " " << message;
    }
  }
}

TEST(ProtobufHostile, B5_lengths_from_0x80_on_are_not_negative) {
  // The same name of 200 bytes in a link: a signed length would be -56.
  const Cid cid = Cid::v1(Codec::raw, Multihash::sha2_256({}));
  const std::string name(200, 'n');
  const Bytes block = encode_dag_pb(std::vector<DagPbLink>{{cid, name, 1}}, std::nullopt);
  EXPECT_EQ(decode_dag_pb(block).links.at(0).name, name);
  const Bytes digest(100, 7);
  Bytes hash = {0x80, 0x01, 0x80, 0x00};
  EXPECT_EQ(code_thrown_by([&] { Multihash::decode(hash); }), ErrorCode::malformed);
  hash = {0x00, 0x64};
  append(hash, digest);
  EXPECT_EQ(Multihash::decode(hash).digest().size(), 100U);
}

}  // namespace
}  // namespace shoal
