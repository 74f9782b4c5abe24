#include "format/directory_layout.h"

#include <gtest/gtest.h>

#include "format/ipld_testing.h"
#include "format/unixfs_node.h"

namespace shoal {
namespace {

using testing::BlockMap;
using testing::code_thrown_by;
using testing::file_entry;
using testing::kLegacy;
using testing::kModern;

std::string padded(int number, std::size_t width) {
  const std::string digits = std::to_string(number);
  return std::string(width - digits.size(), '0') + digits;
}

std::string directory_cid(const std::vector<DagPbLink>& entries, const UnixfsProfile& profile,
                          const UnixfsMetadata& metadata = {}) {
  return build_directory(entries, profile, metadata, [](const Cid&, const Bytes&) {})
      .cid.to_string();
}

DagPbLink named(std::string name, const DirectoryRoot& directory) {
  return {directory.cid, std::move(name), directory.tsize};
}

/// a/hello.txt, a/b/empty, c, none/ (an empty directory), link -> a/hello.txt
std::string tree_cid(const UnixfsProfile& profile) {
  const BlockSink nowhere = [](const Cid&, const Bytes&) {};
  const auto directory = [&](const std::vector<DagPbLink>& entries) {
    return build_directory(entries, profile, {}, nowhere);
  };
  const DirectoryRoot b = directory({file_entry("empty", {}, profile)});
  const DirectoryRoot a =
      directory({file_entry("hello.txt", as_bytes("hello world\n"), profile), named("b", b)});
  DagPbLink link = build_symlink("a/hello.txt", profile, {}, nowhere);
  link.name = "link";
  return directory({link, named("none", directory({})), file_entry("c", as_bytes("x"), profile),
                    named("a", a)})
      .cid.to_string();
}

TEST(DirectoryLayout, gives_a_tree_the_cid_of_kubo) {
  EXPECT_EQ(tree_cid(kModern), "bafybeigezmfbirpfqi5misvqrniypzdiicy5ap6qy7nhmxpc5ihetp3pj4");
  EXPECT_EQ(tree_cid(kLegacy), "Qmcac4ars3Jfc6SW2Uywx7it7tptZyDuj2ria2yALGbsjs");
}

// ipfs/specs unixfs, test vectors: "Simple Directory"
TEST(DirectoryLayout, gives_the_directory_of_the_specification_its_cid) {
  const Cid ascii = Cid::parse("bafkreifkam6ns4aoolg3wedr4uzrs3kvq66p4pecirz6y2vlrngla62mxm");
  const Cid hello = Cid::parse("bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4");
  const Cid blocks = Cid::parse("bafybeigcisqd7m5nf3qmuvjdbakl5bdnh4ocrmacaqkpuh77qjvggmt2sa");
  const std::vector<DagPbLink> entries{{ascii, "ascii.txt", 31},
                                       {ascii, "ascii-copy.txt", 31},
                                       {blocks, "multiblock.txt", 1271},
                                       {hello, "hello.txt", 12}};
  EXPECT_EQ(directory_cid(entries, kModern),
            "bafybeihchr7vmgjaasntayyatmp5sv6xza57iy2h4xj7g46bpjij6yhrmy");
}

/// Names of 200 digits, "x" in each file; then one more whose name is `last` letters z.
std::vector<DagPbLink> long_names(int count, std::size_t last, const UnixfsProfile& profile) {
  const DagPbLink file = file_entry("", as_bytes("x"), profile);
  std::vector<DagPbLink> entries;
  for (int i = 0; i < count; ++i) entries.push_back({file.cid, padded(i, 200), file.tsize});
  entries.push_back({file.cid, std::string(last, 'z'), file.tsize});
  return entries;
}

// ipfs add -r of such directories: the first of each pair is one block, the second is sharded.
TEST(DirectoryLayout, shards_by_block_size_just_above_the_threshold) {
  const auto at = long_names(1065, 105, kModern);
  const auto over = long_names(1065, 106, kModern);
  EXPECT_EQ(estimate_directory_bytes(at, kModern, {}), std::size_t{262144});
  EXPECT_EQ(directory_cid(at, kModern),
            "bafybeigwmghmgnaoro46z52aolmcphas3vpqeqwvuolp5a4qbyfxokzh4i");
  EXPECT_EQ(directory_cid(over, kModern),
            "bafybeig2bz5wdiqjwolpjx7v7zjosdyod3rbujbrvusmquimlwoe6xgmfm");
}

TEST(DirectoryLayout, shards_by_names_and_cids_just_above_the_threshold) {
  const auto at = long_names(1120, 30, kLegacy);
  const auto over = long_names(1120, 31, kLegacy);
  EXPECT_EQ(estimate_directory_bytes(at, kLegacy, {}), std::size_t{262144});
  EXPECT_EQ(directory_cid(at, kLegacy), "QmXSXhuPKJsdjgqC5dr5thoPr7hwhE35mgb9vuY2RrMwwR");
  EXPECT_EQ(directory_cid(over, kLegacy), "QmPGrtRT9R8LpornnEVcjM1wJjbPMdtXZTWeasR4P9mr3n");
  EXPECT_EQ(directory_cid(long_names(1065, 105, kLegacy), kLegacy),
            "QmUQyV1KK1kSA5GpY3QJJRFVYvJJHUenHfsaFsbZDmjWhW");
}

TEST(DirectoryLayout, estimates_a_block_as_large_as_it_becomes) {
  const UnixfsMetadata metadata{.mode = 0750, .mtime = UnixfsTime{-1, 1}};
  const auto entries = long_names(10, 1, kModern);
  BlockMap store;
  const DirectoryRoot root = build_directory(entries, kModern, metadata, store.sink());
  EXPECT_EQ(store.blocks.at(root.cid).size(), estimate_directory_bytes(entries, kModern, metadata));
}

// ipfs add -r of 20000 files, each with its name as content
TEST(DirectoryLayout, gives_twenty_thousand_entries_the_cid_of_kubo) {
  for (const UnixfsProfile& profile : {kModern, kLegacy}) {
    std::vector<DagPbLink> entries;
    for (int i = 0; i < 20'000; ++i) {
      const std::string name = "file-" + padded(i, 5) + ".txt";
      entries.push_back(file_entry(name, as_bytes(std::string_view(name)), profile));
    }
    EXPECT_EQ(directory_cid(entries, profile),
              profile.cid_version == 1
                  ? "bafybeicksuq3pmrbjn5olyuhlz4cxkirn6qygqpvy477m7ulrbrif33pei"
                  : "QmeXrkZfenVLYooXoY1vYqnPafNcoxagcdovsurjgZTiEL");
  }
}

// ipfs add -r --preserve-mode --preserve-mtime --raw-leaves=false of a directory (0750) with a
// file f (01640), a symbolic link l -> f and an empty directory sub (0700)
TEST(DirectoryLayout, keeps_metadata_as_kubo_does) {
  const auto at = [](std::int64_t seconds, std::uint32_t nanos = 0) {
    return UnixfsTime{seconds, nanos};
  };
  const BlockSink nowhere = [](const Cid&, const Bytes&) {};
  const UnixfsMetadata of_file{.mode = 01640, .mtime = at(1'700'000'000, 7)};
  const FileRoot file = testing::add_file(as_bytes("x"), kModern, nowhere, of_file);
  DagPbLink link = build_symlink("f", kModern, {.mode = 0777, .mtime = at(1'700'000'002)}, nowhere);
  link.name = "l";
  const DirectoryRoot sub =
      build_directory({}, kModern, {.mode = 0700, .mtime = at(1'700'000'001)}, nowhere);
  EXPECT_EQ(file.cid.to_string(), "bafybeihollpitx55tpkzzjzkcwqhlldcugpaopozx6hi6rntntwxmgdkci");
  EXPECT_EQ(link.cid.to_string(), "bafybeiexlxmflriyv2k37kyyrdjegjpmama3f5l7itshu6ig65gydsqobi");
  EXPECT_EQ(sub.cid.to_string(), "bafybeigkqmjxr35xlxctkbgavbxh7a7alnbcqexpr5i7n7ub6w3den5qeu");
  EXPECT_EQ(directory_cid({{file.cid, "f", file.tsize}, link, named("sub", sub)}, kModern,
                          {.mode = 0750, .mtime = at(1'700'000'003)}),
            "bafybeife5jbbxw342e7bkf5q5qbprxbr7cb56msrutqrb6sxlh24tc2pye");
}

TEST(DirectoryLayout, refuses_entries_without_a_name_of_their_own) {
  const DagPbLink a = file_entry("a", as_bytes("x"), kModern);
  const DagPbLink nameless = file_entry("", as_bytes("x"), kModern);
  EXPECT_EQ(code_thrown_by([&] { directory_cid({a, a}, kModern); }), ErrorCode::usage);
  EXPECT_EQ(code_thrown_by([&] { directory_cid({nameless}, kModern); }), ErrorCode::usage);
}

}  // namespace
}  // namespace shoal
