#include "protocol/pex/message.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "crypto/keys.h"

namespace shoal::pex {
namespace {

Cid some_root() {
  return Cid::v1(Codec::dag_pb, Multihash::sha2_256(to_bytes("root")));
}

PeerId peer(std::uint8_t number) {
  const auto key = crypto::PrivateKey::ed25519_from_seed(Bytes(32, number));
  return PeerId::from_public_key(key.public_key());
}

TEST(PexMessage, reads_what_it_wrote) {
  const Hello hello = Hello::decode(Hello{some_root(), to_bytes("record")}.encode());
  EXPECT_EQ(hello.root, some_root());
  EXPECT_EQ(hello.record, to_bytes("record"));
  const Names names{.whole = true, .peers = {{peer(1), to_bytes("a")}, {peer(2), to_bytes("b")}}};
  EXPECT_EQ(Names::decode(names.encode()), names);
  EXPECT_EQ(Names::decode({}), Names{});
}

TEST(PexMessage, keeps_32_names_with_records_of_2_KiB) {
  Names names;
  for (std::uint8_t i = 0; i < kMaxNames; ++i) {
    names.peers.push_back({peer(i), Bytes(kMaxRecordBytes, i)});
  }
  const Bytes largest = names.encode();
  EXPECT_LE(largest.size(), kMaxMessageBytes);
  EXPECT_EQ(Names::decode(largest).peers.size(), kMaxNames);
  names.peers.push_back({peer(99), to_bytes("one more")});
  EXPECT_EQ(Names::decode(names.encode()).peers.size(), kMaxNames);
  const Names long_one{.whole = false, .peers = {{peer(1), Bytes(kMaxRecordBytes + 1)}}};
  EXPECT_TRUE(Names::decode(long_one.encode()).peers.empty());
}

TEST(PexMessage, refuses_a_question_without_root_or_with_too_long_a_record) {
  EXPECT_THROW(Hello::decode({}), Error);
  EXPECT_NO_THROW(Hello::decode(Hello{some_root(), Bytes(kMaxRecordBytes)}.encode()));
  EXPECT_THROW(Hello::decode(Hello{some_root(), Bytes(kMaxRecordBytes + 1)}.encode()), Error);
}

}  // namespace
}  // namespace shoal::pex
