#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <functional>

#include "base/varint.h"
#include "content/block.h"
#include "content/transfer/test_tree.h"
#include "content/transfer/tree_walk.h"
#include "system/sim/world.h"

// Trees that cost their maker little and whoever walks them much. They are made while they are
// walked: the walk trusts its source to have verified what it gives.

namespace shoal::content {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kMostBytes = 128 * kMiB;

std::size_t allocated_bytes() {
  const struct mallinfo2 now = ::mallinfo2();
  return now.uordblks + now.hblkhd;
}

class Endless final : public BlockSource {
 public:
  using Make = std::function<Bytes(const Cid&)>;

  Endless(System& system, Make make) : system_(system), make_(std::move(make)) {}
  Task<SharedBytes> block(Cid cid) override {
    co_await system_.clock.sleep_for(1ms);
    ++given;
    SharedBytes block(make_(cid));
    bytes += block.size();
    most_allocated = std::max(most_allocated, allocated_bytes());
    co_return block;
  }
  void keep(const Cid&, const SharedBytes&) override {}

  std::size_t given = 0;
  std::uint64_t bytes = 0;
  std::size_t most_allocated = 0;

 private:
  System& system_;
  const Make make_;
};

class Nowhere final : public TreeSink {
 public:
  Task<void> begin_folder(std::string) override { co_return; }
  Task<void> end_folder(std::string, UnixfsMetadata) override { co_return; }
  Task<void> symlink(std::string, std::string, UnixfsMetadata) override { co_return; }
  Task<std::optional<std::uint64_t>> holds_file(std::string, Cid) override {
    co_return std::nullopt;
  }
  Task<void> small_file(std::string, Cid, SharedBytes) override { co_return; }
  Task<void> begin_file(TreeFile&) override { co_return; }
  Task<bool> holds(TreeFile&, Cid, std::uint64_t, std::uint64_t) override { co_return false; }
  Task<void> content(TreeFile&, std::uint64_t, SharedBytes, const TreeLeaf*) override { co_return; }
  Task<void> end_file(TreeFile&) override { co_return; }
};

Bytes node_block(const UnixfsData& data, const std::vector<DagPbLink>& links) {
  const Bytes encoded = encode_unixfs(data);
  return encode_dag_pb(links, ByteView(encoded));
}

/// The shortest CIDs there are; no two alike.
Cid tiny_cid(std::uint64_t number, Codec codec = Codec::dag_pb) {
  Bytes bytes;
  for (; number != 0; number >>= 8) bytes.push_back(static_cast<std::uint8_t>(number));
  return Cid::v1(codec, Multihash::identity(bytes));
}

class WalkHostile : public ::testing::Test {
 protected:
  std::optional<Error> walk(const Endless::Make& make, WalkLimits limits = {}) {
    source.emplace(system, make);
    const std::size_t before = allocated_bytes();
    TreeWalk tree_walk(system, *source, sink, limits);
    const auto error = world.run(error_of(tree_walk.run(tiny_cid(0))));
    const std::size_t most = std::max(source->most_allocated, before);
    peak_bytes = most - before;
    return error;
  }

  sim::World world;
  System& system = world.add_host().system();
  Nowhere sink;
  std::optional<Endless> source;
  std::size_t peak_bytes = 0;
};

TEST_F(WalkHostile, folders_as_wide_as_a_block_at_every_depth_take_little) {
  std::uint64_t next = 1;
  const auto error = walk(
      [&](const Cid&) {
        std::vector<DagPbLink> links;
        for (int i = 0; i < 90'000; ++i) {
          links.push_back({tiny_cid(next++), std::to_string(100'000 + i), 1});
        }
        return node_block({.type = UnixfsType::directory}, links);
      },
      {.in_flight_blocks = 4, .max_depth = 12});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::limit);
  EXPECT_GT(source->given, 5U);
  EXPECT_LT(peak_bytes, kMostBytes);
  RecordProperty("peak_mib", static_cast<int>(peak_bytes / kMiB));
}

TEST_F(WalkHostile, files_as_wide_as_a_block_at_every_depth_take_little) {
  constexpr std::uint64_t kParts = 100'000;
  std::uint64_t next = 1;
  std::uint64_t bytes = std::uint64_t{1} << 62;
  const auto error = walk([&](const Cid& cid) {
    if (cid.is(Codec::raw)) return Bytes(1, 'x');
    // The first part has nearly everything, the others a byte each.
    UnixfsData data{.type = UnixfsType::file, .filesize = bytes};
    std::vector<DagPbLink> links;
    for (std::uint64_t i = 0; i < kParts; ++i) {
      links.push_back({tiny_cid(next++, i == 0 ? Codec::dag_pb : Codec::raw), "", 0});
      data.blocksizes.push_back(i == 0 ? bytes - kParts + 1 : 1);
    }
    bytes -= kParts - 1;
    return node_block(data, links);
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::limit);
  EXPECT_LT(peak_bytes, kMostBytes);
  RecordProperty("peak_mib", static_cast<int>(peak_bytes / kMiB));
}

TEST_F(WalkHostile, J3_a_wide_tree_that_is_honest_is_walked_however_many_nodes_come_at_once) {
  TestTree tree;
  const Cid leaf = tree.raw(to_bytes("x"));
  TestTree::Entries outer;
  for (int i = 0; i < 100; ++i) {
    TestTree::Entries inner;
    for (int j = 0; j < 20; ++j) inner.emplace_back(std::to_string(100 * i + j), leaf);
    outer.emplace_back(std::to_string(i), tree.folder(inner));
  }
  const Cid root = tree.folder(outer);
  const auto make = [&](const Cid& cid) { return tree.blocks.at(cid == tiny_cid(0) ? root : cid); };
  // Room for the hundred, which are all asked for at once, and for what is in a few of them.
  EXPECT_FALSE(walk(make, {.roomy_bytes = 28'000, .max_held_bytes = 80'000}));
  EXPECT_GT(source->given, 2101U);  // most of the hundred were put back and looked at again
  EXPECT_LT(source->given, 2500U);
}

TEST_F(WalkHostile, J3_shards_of_open_folders_count_as_what_waits) {
  std::uint64_t next = 1;
  const HamtShape shape{1024};
  const auto make = [&](const Cid&) {
    std::vector<DagPbLink> links;
    for (unsigned bucket = 0; bucket < 1024; ++bucket) {
      links.push_back({tiny_cid(next++), shape.prefix(bucket), 1});
    }
    const Bytes field(128, 0xff);
    return node_block(
        {.type = UnixfsType::hamt_shard, .data = field, .hash_type = kHamtHashType, .fanout = 1024},
        links);
  };
  // Three thousand shards, of which two thousand wait; a few levels more would end it anyway.
  const auto error = walk(make, {.roomy_bytes = 0, .max_held_bytes = 900'000});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::limit);
  EXPECT_LE(source->given, 3U);
}

TEST_F(WalkHostile, J3_what_waits_is_bounded_and_nodes_go_one_by_one_before) {
  // A folder of folders of files; all of it waits at once only if there is room for it.
  TestTree tree;
  const Cid leaf = tree.raw(to_bytes("x"));
  TestTree::Entries outer;
  for (int i = 0; i < 20; ++i) {
    TestTree::Entries inner;
    for (int j = 0; j < 20; ++j) inner.emplace_back(std::to_string(100 * i + j), leaf);
    outer.emplace_back(std::to_string(i), tree.folder(inner));
  }
  const Cid root = tree.folder(outer);
  const auto make = [&](const Cid& cid) { return tree.blocks.at(cid == tiny_cid(0) ? root : cid); };
  constexpr std::size_t kItem = 400;  // more than one takes
  EXPECT_FALSE(walk(make, {.roomy_bytes = 0, .max_held_bytes = 41 * kItem}));
  EXPECT_TRUE(walk(make, {.roomy_bytes = 0, .max_held_bytes = 10 * kItem / 2}));
  EXPECT_TRUE(walk(make, {.roomy_bytes = 400 * kItem, .max_held_bytes = 41 * kItem}));
}

TEST_F(WalkHostile, K8_nodes_padded_with_what_nobody_reads_end_the_walk) {
  // Fields that are not known are skipped: a folder of one entry that takes two mebibytes.
  Bytes padding = {0x7a};
  append_varint(padding, 2'000'000);
  padding.resize(padding.size() + 2'000'000);
  std::uint64_t next = 1;
  const auto error = walk([&](const Cid&) {
    Bytes data = encode_unixfs({.type = UnixfsType::directory});
    append(data, padding);
    std::vector<DagPbLink> links;
    for (int i = 0; i < 8; ++i) links.push_back({tiny_cid(next++), std::to_string(i), 1});
    return encode_dag_pb(links, ByteView(data));
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::limit);
  EXPECT_LT(source->bytes, 64 * kMiB + 300 * kMaxBlockBytes);
}

TEST_F(WalkHostile, K8_a_file_in_parts_of_one_byte_is_given_up_in_time) {
  // Three blocks that unfold into nine million parts, none of them worth a link.
  constexpr std::uint64_t kParts = 3000;
  const auto file = [](std::uint64_t each, const Cid& part) {
    UnixfsData data{.type = UnixfsType::file, .filesize = kParts * each};
    std::vector<DagPbLink> links;
    for (std::uint64_t i = 0; i < kParts; ++i) {
      links.push_back({part, "", 0});
      data.blocksizes.push_back(each);
    }
    return node_block(data, links);
  };
  const auto make = [&](const Cid& cid) {
    if (cid.is(Codec::raw)) return Bytes(1, 'x');
    if (cid == tiny_cid(1)) return file(1, tiny_cid(7, Codec::raw));
    return file(kParts, tiny_cid(1));
  };
  const auto error = walk(make, {.spare_node_bytes = kMiB});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::limit);
  EXPECT_LT(source->given, kParts * 100);
}

TEST_F(WalkHostile, J3_one_block_a_hundred_thousand_times_takes_no_more_memory_than_once) {
  // Odd, and confirmed: as many names of one file.
  TestTree tree;
  const Cid leaf = tree.raw(to_bytes("x"));
  TestTree::Entries names;
  for (int i = 0; i < 330; ++i) names.emplace_back(std::to_string(i), leaf);
  const Cid inner = tree.folder(names);
  for (auto& [name, cid] : names) cid = inner;
  const Cid root = tree.folder(names);
  const auto make = [&](const Cid& cid) { return tree.blocks.at(cid == tiny_cid(0) ? root : cid); };
  EXPECT_FALSE(walk(make, {.confirmed = {.max_bytes = {}, .max_entries = 200'000}}));
  EXPECT_GE(source->given, 1 + 330 + 330 * 330U);
  EXPECT_LT(source->given, 2 * 330 * 330U);
  EXPECT_LT(peak_bytes, 60 * kMiB);
}

}  // namespace
}  // namespace shoal::content
