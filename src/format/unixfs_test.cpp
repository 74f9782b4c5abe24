#include "format/unixfs.h"

#include <gtest/gtest.h>

#include "base/varint.h"
#include "format/ipld_testing.h"

namespace shoal {
namespace {

using testing::code_thrown_by;

ErrorCode failure(std::string_view hex) {
  return code_thrown_by([&] { decode_unixfs(from_hex(hex)); });
}

TEST(Unixfs, writes_what_kubo_writes) {
  EXPECT_EQ(to_hex(encode_unixfs({.type = UnixfsType::directory})), "0801");
  EXPECT_EQ(to_hex(encode_unixfs({.type = UnixfsType::file, .filesize = 0})), "08021800");
  EXPECT_EQ(to_hex(encode_unixfs({.type = UnixfsType::file, .data = as_bytes("x"), .filesize = 1})),
            "08021201781801");
  EXPECT_EQ(to_hex(encode_unixfs({.type = UnixfsType::symlink, .data = as_bytes("a/hello.txt")})),
            "0804120b612f68656c6c6f2e747874");
}

TEST(Unixfs, keeps_every_field) {
  const Bytes field{0xff, 0x00};
  const UnixfsData data{.type = UnixfsType::hamt_shard,
                        .data = field,
                        .filesize = 70'000,
                        .blocksizes = {1, 0, kMaxVarint},
                        .hash_type = 0x22,
                        .fanout = 1024,
                        .metadata = {.mode = 0xffffffff,
                                     .mtime = UnixfsTime{.seconds = -1000, .nanos = 999'999'999}}};
  const Bytes encoded = encode_unixfs(data);
  const UnixfsData decoded = decode_unixfs(encoded);
  EXPECT_EQ(decoded.type, UnixfsType::hamt_shard);
  EXPECT_TRUE(equal(decoded.data, field));
  EXPECT_EQ(decoded.filesize, 70'000u);
  EXPECT_EQ(decoded.blocksizes, data.blocksizes);
  EXPECT_EQ(decoded.hash_type, 0x22u);
  EXPECT_EQ(decoded.fanout, 1024u);
  EXPECT_EQ(decoded.metadata, data.metadata);
}

TEST(Unixfs, leaves_out_zero_nanoseconds_and_a_zero_mode) {
  const UnixfsData data{.type = UnixfsType::directory,
                        .metadata = {.mode = 0, .mtime = UnixfsTime{.seconds = 5, .nanos = 0}}};
  EXPECT_EQ(to_hex(encode_unixfs(data)), "080142020805");
}

TEST(Unixfs, reads_packed_sizes_and_skips_unknown_fields) {
  const Bytes message = from_hex(
      "0802"
      "22020304"
      "2005"
      "4a0161"
      "9a0600");
  EXPECT_EQ(decode_unixfs(message).blocksizes, (std::vector<std::uint64_t>{3, 4, 5}));
}

TEST(Unixfs, J4_rejects_hostile_messages) {
  EXPECT_EQ(failure(""), ErrorCode::malformed) << "no type";
  EXPECT_EQ(failure("1800"), ErrorCode::malformed) << "no type";
  EXPECT_EQ(failure("0806"), ErrorCode::unsupported) << "type 6";
  EXPECT_EQ(failure("0a0102"), ErrorCode::malformed) << "type as bytes";
  EXPECT_EQ(failure("08020802"), ErrorCode::malformed) << "type twice";
  EXPECT_EQ(failure("080218001801"), ErrorCode::malformed) << "size twice";
  EXPECT_EQ(failure("08021001"), ErrorCode::malformed) << "data as a number";
  EXPECT_EQ(failure("0802120561"), ErrorCode::malformed) << "truncated data";
  EXPECT_EQ(failure("0802388080808010"), ErrorCode::malformed) << "mode of 33 bits";
  EXPECT_EQ(failure("08020b0c"), ErrorCode::malformed) << "a group";
  EXPECT_EQ(failure("0802"
                    "2205ffffffffff"),
            ErrorCode::malformed)
      << "packed, not whole";
}

TEST(Unixfs, B8_rejects_times_that_the_specification_forbids) {
  EXPECT_EQ(failure("08024200"), ErrorCode::malformed) << "no seconds";
  EXPECT_EQ(failure("0802420708011500000000"), ErrorCode::malformed) << "zero nanoseconds";
  EXPECT_EQ(failure("08024207080115"
                    "00ca9a3b"),
            ErrorCode::malformed)
      << "10^9 nanoseconds";
  EXPECT_EQ(failure("0802420408011000"), ErrorCode::malformed) << "nanoseconds as a varint";
  const Bytes last = from_hex(
      "08024207080115"
      "ffc99a3b");
  EXPECT_EQ(decode_unixfs(last).metadata.mtime, (UnixfsTime{1, 999'999'999}));
}

TEST(Unixfs, adds_sizes_up_to_the_bound) {
  UnixfsData data{.type = UnixfsType::file, .blocksizes = {kMaxVarint - 1, 1}};
  EXPECT_EQ(content_size(data), kMaxVarint);
  data.blocksizes.push_back(1);
  EXPECT_EQ(code_thrown_by([&] { content_size(data); }), ErrorCode::malformed);
  data.blocksizes = {UINT64_MAX, 2};
  EXPECT_EQ(code_thrown_by([&] { content_size(data); }), ErrorCode::malformed);
}

}  // namespace
}  // namespace shoal
