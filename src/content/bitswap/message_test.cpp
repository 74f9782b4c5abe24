#include "content/bitswap/message.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/varint.h"
#include "content/block.h"

namespace shoal::content::bitswap {
namespace {

Cid cid_of(std::string_view text) {
  return Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes(text)));
}

Bytes written(const Message& message, Version version) {
  const EncodedMessage encoded = encode_message(message, version);
  Bytes out;
  for (const ByteView piece : encoded.pieces()) append(out, piece);
  ByteView rest = out;
  EXPECT_EQ(take_varint(rest), rest.size());
  return to_bytes(rest);
}

Message round_trip(const Message& message, Version version) {
  return decode_message(SharedBytes(written(message, version)));
}

ErrorCode failure_of(const Bytes& bytes) {
  try {
    decode_message(SharedBytes(bytes));
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

Message sample() {
  Message out;
  out.full = true;
  out.wants.push_back({cid_of("a"), 7, false, WantType::have, true});
  out.wants.push_back({cid_of("b"), -3, true, WantType::block, false});
  out.blocks.push_back({CidPrefix::of(cid_of("c")), SharedBytes(to_bytes("content of c"))});
  out.blocks.push_back({CidPrefix::of(cid_of("")), SharedBytes()});
  out.presences.push_back({cid_of("d"), true});
  out.presences.push_back({cid_of("e"), false});
  out.pending_bytes = 99;
  return out;
}

TEST(BitswapMessage, reads_back_all_that_version_1_2_can_say) {
  const Message read = round_trip(sample(), Version::v1_2);
  ASSERT_EQ(read.wants.size(), 2u);
  EXPECT_TRUE(read.full);
  EXPECT_EQ(read.wants[0].cid, cid_of("a"));
  EXPECT_EQ(read.wants[0].priority, 7);
  EXPECT_EQ(read.wants[0].type, WantType::have);
  EXPECT_TRUE(read.wants[0].send_dont_have);
  EXPECT_TRUE(read.wants[1].cancel);
  EXPECT_EQ(read.wants[1].priority, -3);
  ASSERT_EQ(read.blocks.size(), 2u);
  EXPECT_EQ(as_text(read.blocks[0].data.view()), "content of c");
  EXPECT_EQ(hash_of(read.blocks[0]), Multihash::sha2_256(as_bytes("content of c")));
  EXPECT_TRUE(read.blocks[1].data.empty());
  ASSERT_EQ(read.presences.size(), 2u);
  EXPECT_TRUE(read.presences[0].have);
  EXPECT_FALSE(read.presences[1].have);
  EXPECT_EQ(read.pending_bytes, 99);
}

TEST(BitswapMessage, leaves_out_what_older_versions_do_not_know) {
  for (const Version version : {Version::v1_0, Version::v1_1}) {
    const Message read = round_trip(sample(), version);
    ASSERT_EQ(read.wants.size(), 2u);
    EXPECT_EQ(read.wants[0].type, WantType::block);
    EXPECT_EQ(read.blocks.size(), 2u);
    EXPECT_TRUE(read.presences.empty());
  }
}

TEST(BitswapMessage, takes_bare_blocks_of_version_1_0_for_version_0_cids) {
  const Message read = round_trip(sample(), Version::v1_0);
  EXPECT_EQ(read.blocks[0].prefix, CidPrefix());
}

TEST(BitswapMessage, gives_blocks_as_parts_of_its_buffer) {
  const SharedBytes whole(written(sample(), Version::v1_2));
  const Message read = decode_message(whole);
  const std::uint8_t* data = read.blocks[0].data.view().data();
  EXPECT_GE(data, whole.view().data());
  EXPECT_LT(data, whole.view().data() + whole.size());
}

TEST(BitswapMessage, does_not_copy_blocks_to_write_them) {
  const Message message = sample();
  const EncodedMessage encoded = encode_message(message, Version::v1_2);
  const auto is_block = [&](ByteView piece) {
    return piece.data() == message.blocks[0].data.view().data();
  };
  EXPECT_TRUE(std::ranges::any_of(encoded.pieces(), is_block));
}

// hash, codec, prefix and framing as ipfs/boxo writes them: prefix 01 55 12 20.
TEST(BitswapMessage, writes_a_payload_as_other_implementations_do) {
  Message message;
  message.blocks.push_back({CidPrefix::of(cid_of("x")), SharedBytes(to_bytes("x"))});
  EXPECT_EQ(to_hex(written(message, Version::v1_2)),
            "1a090a04015512201201"
            "78");
}

TEST(BitswapMessage, I5_takes_a_block_of_2_mib_and_refuses_one_byte_more) {
  Message message;
  message.blocks.push_back({CidPrefix(), SharedBytes(Bytes(kMaxBlockBytes))});
  EXPECT_EQ(round_trip(message, Version::v1_2).blocks.size(), 1u);
  message.blocks[0].data = SharedBytes(Bytes(kMaxBlockBytes + 1));
  EXPECT_EQ(failure_of(written(message, Version::v1_2)), ErrorCode::limit);
}

TEST(BitswapMessage, I5_refuses_more_than_4_mib) {
  Bytes bytes = {0x7a};  // an unknown field, to be skipped
  append_varint(bytes, kMaxMessageBytes - 5);
  bytes.resize(kMaxMessageBytes);
  EXPECT_EQ(failure_of(bytes), ErrorCode::failed);  // that is: it was read
  bytes.push_back(0);
  EXPECT_EQ(failure_of(bytes), ErrorCode::limit);
}

TEST(BitswapMessage, I3_passes_over_cids_it_cannot_read) {
  const Bytes good = cid_of("good").encode();
  Bytes list;
  for (const Bytes& cid : {Bytes(Cid::kMaxEncodedBytes + 1, 1), Bytes{1, 2, 3}, good}) {
    Bytes entry = {0x0a};
    append_varint(entry, cid.size());
    append(entry, cid);
    list.push_back(0x0a);
    append_varint(list, entry.size());
    append(list, entry);
  }
  Bytes bytes = {0x0a};
  append_varint(bytes, list.size());
  append(bytes, list);
  const Message read = decode_message(SharedBytes(bytes));
  ASSERT_EQ(read.wants.size(), 1u);
  EXPECT_EQ(read.wants[0].cid, cid_of("good"));
}

TEST(BitswapMessage, reads_no_more_wants_than_its_bound) {
  Message message;
  for (std::size_t i = 0; i <= kMaxEntries; ++i) message.wants.push_back({cid_of("same")});
  EXPECT_EQ(round_trip(message, Version::v1_2).wants.size(), kMaxEntries);
}

TEST(BitswapMessage, refuses_what_is_cut_short) {
  const Bytes whole = written(sample(), Version::v1_2);
  EXPECT_EQ(failure_of(Bytes(whole.begin(), whole.end() - 1)), ErrorCode::malformed);
}

TEST(BitswapMessage, cannot_verify_blocks_of_identity_or_unknown_hashes) {
  MessageBlock block{CidPrefix{1, 0x55, 0x00, 3}, SharedBytes(to_bytes("abc"))};
  EXPECT_EQ(hash_of(block), std::nullopt);
  block.prefix.hash_code = 0x1e;
  EXPECT_EQ(hash_of(block), std::nullopt);
}

}  // namespace
}  // namespace shoal::content::bitswap
