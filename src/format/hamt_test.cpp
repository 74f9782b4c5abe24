#include "format/hamt.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "format/ipld_testing.h"
#include "format/murmur3.h"

namespace shoal {
namespace {

using testing::BlockMap;
using testing::code_thrown_by;
using testing::file_entry;

std::vector<DagPbLink> three_hundred(const UnixfsProfile& profile) {
  std::vector<DagPbLink> entries;
  for (int i = 0; i < 300; ++i) {
    entries.push_back(file_entry("entry " + std::to_string(i), as_bytes("x"), profile));
  }
  return entries;
}

std::string cid_with_fanout(UnixfsProfile profile, unsigned fanout) {
  profile.hamt_fanout = fanout;
  return build_hamt(three_hundred(profile), profile, {}, [](const Cid&, const Bytes&) {})
      .cid.to_string();
}

// ipfs add -r --max-hamt-fanout=N --max-directory-links=64 of 300 files "entry 0" to "entry 299"
TEST(Hamt, gives_every_fanout_the_cid_of_kubo) {
  const UnixfsProfile modern = UnixfsProfile::v1_2025();
  EXPECT_EQ(cid_with_fanout(modern, 8),
            "bafybeihi7yf6zt5cdxpps234hhgvgbhnvtznpunk3rhajdaz32to5u27zy");
  EXPECT_EQ(cid_with_fanout(modern, 16),
            "bafybeic7oblhzjhercgmnopapqekd66zkimmqrw3mo6eh3bhhsm4uuuqsa");
  EXPECT_EQ(cid_with_fanout(modern, 64),
            "bafybeiarqwfht5supjcrjx3tb32agqs7d3vul3k5ao7r5foyh6o7timnia");
  EXPECT_EQ(cid_with_fanout(modern, 256),
            "bafybeibochn3l7nzgoatay2yis4b24l2m6fqydojcy5po5pmtfjmt5tgpi");
  EXPECT_EQ(cid_with_fanout(modern, 512),
            "bafybeig5qepvnxwrrmkmxgm4ss2jxvruvq4xb4cpp3e5m2n4o7q4cph4t4");
  EXPECT_EQ(cid_with_fanout(modern, 1024),
            "bafybeifxvouoefz6crzcmvghfkdtp3rdynd5gu6b7z2ihcahr7ys6p3joe");
  const UnixfsProfile legacy = UnixfsProfile::legacy_v0();
  EXPECT_EQ(cid_with_fanout(legacy, 8), "QmP6dit3FZTg1kY6ZNQZrbDkPGdg59vEwATjFqfcBzC4Rp");
  EXPECT_EQ(cid_with_fanout(legacy, 1024), "Qmb4EhQvARiRXrGN19yAoM2ieorqsmpAcaaEvj9RCbzC3q");
}

TEST(Hamt, does_not_depend_on_the_order_of_entries) {
  const UnixfsProfile profile = UnixfsProfile::v1_2025();
  std::vector<DagPbLink> entries = three_hundred(profile);
  BlockMap forwards;
  BlockMap backwards;
  const DirectoryRoot root = build_hamt(entries, profile, {}, forwards.sink());
  std::ranges::reverse(entries);
  EXPECT_EQ(build_hamt(entries, profile, {}, backwards.sink()).cid, root.cid);
  EXPECT_EQ(forwards.blocks, backwards.blocks);
  EXPECT_TRUE(root.sharded);
}

TEST(Hamt, hashes_as_the_specification_says) {
  // ipfs/specs unixfs: "470.txt" is in bucket 00, then 6E; "742.txt" in 00, then FF.
  const HamtShape shape{256};
  EXPECT_EQ(shape.bucket(hamt_hash("470.txt"), 0), 0x00u);
  EXPECT_EQ(shape.bucket(hamt_hash("470.txt"), 1), 0x6Eu);
  EXPECT_EQ(shape.bucket(hamt_hash("742.txt"), 0), 0x00u);
  EXPECT_EQ(shape.bucket(hamt_hash("742.txt"), 1), 0xFFu);
  EXPECT_EQ(murmur3_x64_64({}), 0u);
  EXPECT_EQ(murmur3_x64_64(as_bytes("hello")), 0xcbd8a7b341bd9b02u);
  EXPECT_EQ(murmur3_x64_64(as_bytes("The quick brown fox jumps over the lazy dog")),
            0xe34bbc7bbc071b6cu);
}

TEST(Hamt, J1_accepts_fanouts_of_the_specification_only) {
  for (const std::uint64_t fanout : {8, 16, 256, 1024}) {
    EXPECT_EQ(HamtShape::checked(fanout).fanout, fanout);
  }
  for (const std::uint64_t fanout :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{4}, std::uint64_t{24}, std::uint64_t{255},
        std::uint64_t{2048}, std::uint64_t{1} << 40, UINT64_MAX}) {
    EXPECT_EQ(code_thrown_by([&] { HamtShape::checked(fanout); }), ErrorCode::malformed) << fanout;
  }
}

TEST(Hamt, reads_the_last_bits_that_whole_levels_have) {
  const HamtShape eight{8};
  EXPECT_EQ(eight.max_depth(), 21u);
  EXPECT_EQ(eight.bucket(0b1010, 20), 0b101u);
  const HamtShape wide{1024};
  EXPECT_EQ(wide.max_depth(), 6u);
  EXPECT_EQ(wide.bucket(0x3ff0, 5), 0x3ffu);
  EXPECT_EQ(HamtShape{256}.bucket(0x42, 7), 0x42u);
}

TEST(Hamt, names_buckets_in_upper_case_digits) {
  EXPECT_EQ(HamtShape{256}.prefix(0x0a), "0A");
  EXPECT_EQ(HamtShape{1024}.prefix(0x3ff), "3FF");
  EXPECT_EQ(HamtShape{16}.prefix(15), "F");
  EXPECT_EQ(HamtShape{256}.parse_prefix("FFname"), 255u);
  EXPECT_FALSE(HamtShape{256}.parse_prefix("ffname"));
  EXPECT_FALSE(HamtShape{256}.parse_prefix("F"));
  EXPECT_FALSE(HamtShape{8}.parse_prefix("8"));
  EXPECT_FALSE(HamtShape{512}.parse_prefix("200x"));
}

TEST(Hamt, refuses_two_entries_of_one_name) {
  const UnixfsProfile profile = UnixfsProfile::v1_2025();
  const std::vector<DagPbLink> entries(2, file_entry("a", as_bytes("x"), profile));
  EXPECT_EQ(code_thrown_by([&] { build_hamt(entries, profile, {}, {}); }), ErrorCode::usage);
}

}  // namespace
}  // namespace shoal
