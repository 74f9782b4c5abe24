#include "service/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "content/transfer/test_tree.h"
#include "format/directory_layout.h"
#include "format/unixfs_profile.h"
#include "net/swarm_testing.h"
#include "system/task_group.h"

// What ls, cat and stat do with trees that are all here.

namespace shoal::service {
namespace {

using content::RepeatBudget;
using content::TestTree;
using net::testing::failure_of;
using net::testing::TestNet;
using ::testing::ElementsAre;

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kMostBytes = 128 * kMiB;

std::size_t allocated_bytes() {
  const struct mallinfo2 now = ::mallinfo2();
  return now.uordblks + now.hblkhd;
}

struct Reads : ::testing::Test {
  Reads() {
    node.system.storage.make_folder("/home");
    store = std::make_unique<content::BlockStore>(node.system, "/home");
    bitswap = content::Bitswap::make(node.system, node.swarm, *store);
  }
  ~Reads() override { net.world.run(stop()); }

  Task<void> stop() {
    co_await bitswap->stop();
    co_await node.swarm.stop();
    co_await store->stop();
  }
  void hold() {
    for (const auto& [cid, block] : tree.blocks) store->put_later(cid.hash(), block);
    tree.blocks.clear();
  }
  Reader& reader() {
    one = std::make_unique<Reader>(Context{node.system, node.swarm, *store, *bitswap, routing},
                                   Origin{}, limits);
    before = most = allocated_bytes();
    return *one;
  }
  /// Whatever the error, if there is one, says.
  std::optional<Error> list(const Cid& cid, bool recursive = false) {
    names.clear();
    kinds.clear();
    listed = 0;
    return net.world.run(failure_of(
        reader().list(cid, recursive, [this](const Listed& entry) { return note(entry); })));
  }
  Task<void> note(const Listed& entry) {
    ++listed;
    if (listed <= 1000) names.push_back(entry.path);
    if (listed <= 1000) kinds.push_back(entry.kind);
    if (listed % 1000 == 0) most = std::max(most, allocated_bytes());
    co_return;
  }
  std::optional<Error> read(const Cid& cid, std::optional<std::uint64_t> length = {}) {
    bytes_read = 0;
    return net.world.run(failure_of(
        reader().read(cid, 0, length, [this](ByteView piece) { return count(piece.size()); })));
  }
  Task<void> count(std::size_t bytes) {
    bytes_read += bytes;
    most = std::max(most, allocated_bytes());
    co_return;
  }
  std::optional<Error> stat(const Cid& cid) { return net.world.run(failure_of(stat_into(cid))); }
  Task<void> stat_into(Cid cid) { found = co_await reader().stat(std::move(cid)); }

  /// Each names the one before twice.
  Cid bomb(int folders) {
    Cid folder = tree.folder({{"f", tree.raw(to_bytes("leaf"))}});
    for (int i = 0; i < folders; ++i) folder = tree.folder({{"a", folder}, {"b", folder}});
    return folder;
  }

  TestNet net;
  net::testing::TestNode& node = net.add();
  std::unique_ptr<content::BlockStore> store;
  std::unique_ptr<content::Bitswap> bitswap;
  routing::Routing routing{node.system, node.swarm};
  std::unique_ptr<Reader> one;
  TestTree tree;
  content::TreeLimits limits;
  std::vector<std::string> names;
  std::uint64_t listed = 0;
  std::vector<EntryKind> kinds;
  std::uint64_t bytes_read = 0;
  std::optional<Stat> found;
  std::size_t before = 0;
  std::size_t most = 0;
};

TEST_F(Reads, stat_counts_a_folder_that_repeats_once) {
  const Cid root = bomb(40);
  hold();
  EXPECT_FALSE(stat(root));
  EXPECT_EQ(found->files, std::uint64_t{1} << 40);
  EXPECT_EQ(found->folders, (std::uint64_t{1} << 41) - 1);
  EXPECT_EQ(found->bytes, std::uint64_t{4} << 40);
  EXPECT_EQ(found->blocks, 42U);
  EXPECT_EQ(found->blocks_held, 42U);
}

TEST_F(Reads, sums_of_stat_stop_at_the_largest_number) {
  const Cid root = bomb(100);
  hold();
  EXPECT_FALSE(stat(root));
  EXPECT_EQ(found->files, ~std::uint64_t{0});
  EXPECT_EQ(found->bytes, ~std::uint64_t{0});
}

TEST_F(Reads, listing_folders_that_repeat_ends_and_names_the_flag) {
  const Cid root = bomb(40);
  hold();
  EXPECT_FALSE(list(root));
  EXPECT_THAT(names, ElementsAre("a", "b"));
  const auto error = list(root, true);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::limit);
  EXPECT_NE(error->hint().find("--max-files"), std::string::npos) << error->hint();
  EXPECT_NE(error->subject().find("a/a/"), std::string::npos) << error->subject();
  EXPECT_LT(listed, RepeatBudget::kSpareEntries + 10'000);
  limits.max_entries = 1000;
  ASSERT_TRUE(list(root, true));
  EXPECT_LE(listed, 1000U);
}

TEST_F(Reads, a_file_of_one_leaf_over_and_over_is_read_as_far_as_allowed) {
  const Cid leaf = tree.raw(Bytes(2 << 20, 'x'));
  const Cid root = tree.file(TestTree::Parts(400, {leaf, 2 << 20}));
  hold();
  const auto error = read(root);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::limit);
  EXPECT_NE(error->hint().find("--max-size"), std::string::npos) << error->hint();
  EXPECT_LT(bytes_read, RepeatBudget::kSpareBytes + 64 * kMiB);
  EXPECT_FALSE(read(root, 350 * 2 * kMiB));
  EXPECT_EQ(bytes_read, 350 * 2 * kMiB);
  limits.max_bytes = 800 * kMiB;
  EXPECT_FALSE(read(root));
  EXPECT_EQ(bytes_read, 800 * kMiB);
  limits.max_bytes = 800 * kMiB - 1;
  EXPECT_TRUE(read(root));
  EXPECT_EQ(bytes_read, 0U);
  EXPECT_LT(most - before, kMostBytes);
}

TEST_F(Reads, a_file_of_150_000_parts_takes_little_memory) {
  TestTree::Parts parts;
  for (int i = 0; i < 75'000; ++i) {
    const Bytes byte = {static_cast<std::uint8_t>(i)};
    parts.emplace_back(Cid::v1(Codec::raw, Multihash::identity(byte)), 1);
  }
  const Cid half = tree.file(parts);
  const Cid root = tree.file({{half, 75'000}, {half, 75'000}});
  hold();
  EXPECT_FALSE(read(root));
  EXPECT_EQ(bytes_read, 150'000U);
  EXPECT_LT(most - before, kMostBytes);
}

TEST_F(Reads, a_folder_of_a_million_entries_is_listed_and_counted) {
  constexpr std::size_t kCount = 1'000'000;
  std::vector<DagPbLink> links;
  const Cid leaf = tree.raw(to_bytes("leaf"));
  for (std::size_t i = 0; i < kCount; ++i) links.push_back({leaf, std::to_string(i) + ".txt", 4});
  const auto sink = [&](const Cid& cid, Bytes block) { store->put_later(cid.hash(), block); };
  const Cid root = build_directory(links, UnixfsProfile{}, {}, sink).cid;
  links = {};
  hold();
  EXPECT_FALSE(list(root));
  EXPECT_EQ(listed, kCount);
  EXPECT_LT(most - before, kMostBytes);
  EXPECT_FALSE(stat(root));
  EXPECT_EQ(found->files, kCount);
}

TEST_F(Reads, a_sharded_folder_is_listed_in_order_of_names) {
  std::vector<DagPbLink> links;
  const Cid leaf = tree.raw(to_bytes("leaf"));
  for (int i = 0; i < 10'000; ++i) links.push_back({leaf, std::to_string(100'000 + i), 4});
  const auto sink = [&](const Cid& cid, Bytes block) { store->put_later(cid.hash(), block); };
  const Cid root = build_hamt(links, UnixfsProfile{}, {}, sink).cid;
  hold();
  EXPECT_FALSE(list(root));
  EXPECT_EQ(listed, 10'000U);
  EXPECT_TRUE(std::ranges::is_sorted(names));
}

TEST_F(Reads, wide_folders_at_every_depth_take_little_memory) {
  // Each as large as a block may be.
  Cid folder = tree.folder({});
  for (int depth = 0; depth < 12; ++depth) {
    std::vector<DagPbLink> links = {{folder, "folder", 1}};
    const Cid leaf = Cid::v1(Codec::raw, Multihash::identity(to_bytes("x")));
    for (int i = 0; i < 90'000; ++i) links.push_back({leaf, std::to_string(1'000'000 + i), 1});
    folder = tree.node({.type = UnixfsType::directory}, links);
  }
  hold();
  // The folder comes last, when all else is in memory.
  const auto error = list(folder, true);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::limit);
  EXPECT_LT(most - before, kMostBytes);
  EXPECT_FALSE(stat(folder));
  EXPECT_EQ(found->files, 12 * 90'000U);
}

TEST_F(Reads, what_cannot_be_read_is_listed_as_unknown_among_the_others) {
  const Cid cbor = tree.add(Codec::dag_cbor, {0xa0});
  const Cid broken = tree.add(Codec::dag_pb, to_bytes("no node"));
  Bytes hash = {0x81, 0x80, 0xc0, 0x01, 20};  // of a function that nobody knows
  hash.resize(25);
  const Cid foreign = Cid::v1(Codec::dag_pb, Multihash::decode(hash));
  const Cid root =
      tree.folder({{"a", cbor}, {"b", broken}, {"c", foreign}, {"d", tree.folder({})}});
  hold();
  EXPECT_FALSE(list(root));
  EXPECT_THAT(names, ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(kinds, ElementsAre(EntryKind::unknown, EntryKind::unknown, EntryKind::unknown,
                                 EntryKind::folder));
}

TEST_F(Reads, errors_of_structure_name_path_and_cid) {
  const Cid broken = tree.add(Codec::dag_pb, to_bytes("no node"));
  const Cid root = tree.folder({{"sub", tree.folder({{"bad", broken}})}});
  hold();
  const auto error = stat(root);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->subject(), "sub/bad (" + broken.to_string() + ")");
}

Task<void> ignore() {
  co_return;
}

Task<void> set(bool& flag) {
  flag = true;
  co_return;
}

TEST_F(Reads, others_have_their_turn_while_a_wide_folder_is_listed) {
  const Cid leaf = Cid::v1(Codec::raw, Multihash::identity(to_bytes("x")));
  std::vector<DagPbLink> links;
  for (int i = 0; i < 10'000; ++i) links.push_back({leaf, std::to_string(i), 1});
  const Cid root = tree.node({.type = UnixfsType::directory}, links);
  hold();
  TaskGroup others(node.system.waits, "others");
  bool begun = false;
  bool seen = false;
  const auto look = [&](const Listed&) {
    if (!std::exchange(begun, true)) others.spawn(set(seen));
    return ignore();
  };
  const auto error = net.world.run(failure_of(reader().list(root, false, look)));
  EXPECT_FALSE(error);
  EXPECT_TRUE(seen);
  net.world.run(others.stop());
}

}  // namespace
}  // namespace shoal::service
