#include "content/transfer/tree_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "content/block.h"
#include "content/transfer/test_tree.h"
#include "system/sim/world.h"

namespace shoal::content {
namespace {

using ::testing::ElementsAre;

/// Writes down what it is told. Holds nothing.
class Record final : public TreeSink {
 public:
  Task<void> begin_folder(std::string path) override { return note("begin " + path); }
  Task<void> end_folder(std::string path, UnixfsMetadata) override { return note("end " + path); }
  Task<void> symlink(std::string path, std::string target, UnixfsMetadata) override {
    return note(path + " -> " + target);
  }
  Task<std::optional<std::uint64_t>> holds_file(std::string, Cid) override {
    co_return std::nullopt;
  }
  Task<void> small_file(std::string path, Cid, SharedBytes bytes) override {
    if (slow_to_write != nullptr && path == "0") co_await slow_to_write->sleep_for(1s);
    co_await note(path + " = " + std::string(as_text(bytes.view())));
  }
  Task<void> begin_file(TreeFile& file) override { return note("open " + file.path); }
  Task<bool> holds(TreeFile&, Cid, std::uint64_t, std::uint64_t) override { co_return false; }
  Task<void> content(TreeFile& file, std::uint64_t offset, SharedBytes bytes,
                     const TreeLeaf*) override {
    return note(file.path + " " + std::to_string(offset) + "+" + std::to_string(bytes.size()));
  }
  Task<void> end_file(TreeFile& file) override { return note("close " + file.path); }

  std::vector<std::string> told;
  Clock* slow_to_write = nullptr;  // the file "0"

 private:
  Task<void> note(std::string line) {
    told.push_back(std::move(line));
    co_return;
  }
};

/// Gives what the tree has after a while, and knows how much was asked for at once.
class SlowSource final : public BlockSource {
 public:
  SlowSource(System& system, const TestTree& tree) : system_(system), tree_(tree) {}
  Task<SharedBytes> block(Cid cid) override { return give(std::move(cid)); }
  void keep(const Cid&, const SharedBytes&) override {}

  std::size_t given = 0;
  std::uint64_t most_bytes = 0;
  std::size_t most_blocks = 0;

 private:
  Task<SharedBytes> give(Cid cid) {
    const auto found = tree_.blocks.find(cid);
    if (found == tree_.blocks.end()) throw Error(ErrorCode::not_found, "nobody has it");
    most_bytes = std::max(most_bytes, bytes_ += found->second.size());
    most_blocks = std::max(most_blocks, ++blocks_);
    co_await system_.clock.sleep_for(10ms);
    bytes_ -= found->second.size();
    --blocks_;
    ++given;
    co_return SharedBytes(found->second);
  }

  System& system_;
  const TestTree& tree_;
  std::uint64_t bytes_ = 0;
  std::size_t blocks_ = 0;
};

class Walks : public ::testing::Test {
 protected:
  std::optional<ErrorCode> walk(const Cid& root, WalkLimits limits = {}) {
    record.told.clear();
    source.emplace(system, tree);
    TreeWalk tree_walk(system, *source, record, limits);
    const auto error = world.run(error_of(tree_walk.run(root)));
    counts = tree_walk.counts();
    return error ? std::optional(error->code()) : std::nullopt;
  }
  Cid text(std::string_view content) { return tree.raw(to_bytes(content)); }
  /// Folders within folders, `depth` of them below the root.
  Cid nested(int depth) {
    Cid out = tree.folder({});
    for (int i = 0; i < depth; ++i) out = tree.folder({{"d", out}});
    return out;
  }

  sim::World world;
  System& system = world.add_host().system();
  TestTree tree;
  Record record;
  std::optional<SlowSource> source;
  WalkCounts counts;
};

constexpr std::optional<ErrorCode> kDone = std::nullopt;

TEST_F(Walks, tells_of_everything_in_it_between_its_begin_and_its_end) {
  const Cid file = tree.file({{text("ab"), 2}, {text("cde"), 3}});
  const Cid root = tree.folder({{"f", file}, {"s", tree.folder({{"l", tree.symlink("/x")}})}});
  EXPECT_EQ(walk(root, {.in_flight_blocks = 1}), kDone);
  EXPECT_THAT(record.told, ElementsAre("begin ", "open f", "f 0+2", "f 2+3", "close f", "begin s",
                                       "s/l -> /x", "end s", "end "));
  EXPECT_EQ(counts.content_bytes, 5U);
  EXPECT_EQ(counts.done_bytes, 5U);
}

TEST_F(Walks, counts_a_block_that_has_come_as_what_it_is_whatever_its_folder_says) {
  std::vector<DagPbLink> links;
  for (int i = 0; i < 10; ++i) {
    links.push_back({tree.raw(Bytes(200'000, static_cast<std::uint8_t>(i))), std::to_string(i), 1});
  }
  const Cid root = tree.node({.type = UnixfsType::directory}, links);
  record.slow_to_write = &system.clock;
  std::size_t files = 0;
  world.after(500ms, [&] { files = record.told.size() - 1; });
  EXPECT_EQ(walk(root, {.in_flight_bytes = 70'000}), kDone);
  EXPECT_EQ(files, 1U);  // beside the one that takes all there is room for
  EXPECT_EQ(record.told.size(), 12U);
}

TEST_F(Walks, K1_refuses_names_that_are_no_names_of_files) {
  const Cid leaf = text("x");
  const std::vector<std::string> bad = {
      "..", ".", "", "a/b", "/abs", "a/", std::string("n\0l", 3), std::string(256, 'n')};
  for (const std::string& name : bad) {
    EXPECT_EQ(walk(tree.folder({{"fine", leaf}, {name, leaf}})), ErrorCode::malformed) << name;
    EXPECT_EQ(walk(tree.folder({{"sub", tree.folder({{name, leaf}})}})), ErrorCode::malformed);
    const Cid shard = tree.shard({{TestTree::in_bucket(name), leaf}});
    EXPECT_EQ(walk(shard), ErrorCode::malformed) << name;
    EXPECT_THAT(record.told, ElementsAre("begin ")) << name;
  }
}

TEST_F(Walks, K6_accepts_every_other_name) {
  const std::vector<std::string> good = {
      "...", "..a", "a\\b", "\xff\xfe", "\x1b[2J", " ", std::string(255, 'n')};
  for (const std::string& name : good) {
    EXPECT_EQ(walk(tree.folder({{name, text("x")}})), kDone) << name;
    EXPECT_EQ(walk(tree.shard({{TestTree::in_bucket(name), text("x")}})), kDone) << name;
    EXPECT_THAT(record.told, ElementsAre("begin ", name + " = x", "end "));
  }
}

TEST_F(Walks, K3_refuses_a_name_twice) {
  const Cid link = tree.symlink("/etc");
  const Cid below = tree.folder({{"passwd", text("x")}});
  EXPECT_EQ(walk(tree.folder({{"x", link}, {"x", below}})), ErrorCode::malformed);
  const std::string name = TestTree::in_bucket("x");
  EXPECT_EQ(walk(tree.shard({{name, link}, {name, below}})), ErrorCode::malformed);
  // Once in the root, and once in the shard below the same bucket, or below another.
  const Cid shard = tree.shard({{TestTree::in_bucket("x", 1), below}});
  EXPECT_EQ(walk(tree.shard({{name, link}, {name.substr(0, 2), shard}})), ErrorCode::malformed);
  const std::string other = name.substr(0, 2) == "00" ? "01" : "00";
  EXPECT_EQ(walk(tree.shard({{name, link}, {other, shard}})), ErrorCode::malformed);
  EXPECT_THAT(record.told, ::testing::Not(::testing::Contains("x/passwd = x")));
}

TEST_F(Walks, J1_J3_refuses_shards_that_contradict_each_other) {
  const Cid leaf = text("x");
  const std::string bucket = TestTree::in_bucket("x").substr(0, 2);
  EXPECT_EQ(walk(tree.shard({{bucket, tree.shard({{TestTree::in_bucket("x", 1), leaf}})}})), kDone);
  EXPECT_THAT(record.told, ElementsAre("begin ", "x = x", "end "));
  EXPECT_EQ(walk(tree.shard({{bucket, leaf}})), ErrorCode::malformed);
  EXPECT_EQ(walk(tree.shard({{bucket, tree.folder({})}})), ErrorCode::malformed);
  EXPECT_EQ(walk(tree.shard({{bucket, tree.shard({})}})), ErrorCode::malformed);
  for (const std::uint64_t fanout : {0ULL, 3ULL, 4ULL, 12ULL, 2048ULL, 1ULL << 40}) {
    EXPECT_EQ(walk(tree.shard({{TestTree::in_bucket("x"), leaf}}, fanout)), ErrorCode::malformed)
        << fanout;
  }
}

TEST_F(Walks, J3_counts_entries_up_to_its_limit) {
  const Cid three = tree.folder({{"a", text("x")}, {"b", tree.folder({{"c", text("y")}})}});
  EXPECT_EQ(walk(three, {.max_entries = 3}), kDone);
  EXPECT_EQ(walk(three, {.max_entries = 2}), ErrorCode::limit);
}

TEST_F(Walks, J3_a_few_folders_that_name_each_other_often_do_not_unfold_for_ever) {
  Cid bomb = tree.folder({});
  for (int i = 0; i < 60; ++i) bomb = tree.folder({{"a", bomb}, {"b", bomb}});
  EXPECT_EQ(walk(bomb, {.max_entries = 1000}), ErrorCode::limit);
  EXPECT_LE(source->given, 1001U);
}

TEST_F(Walks, goes_down_to_its_limit) {
  EXPECT_EQ(walk(nested(5), {.max_depth = 5}), kDone);
  EXPECT_EQ(walk(nested(6), {.max_depth = 5}), ErrorCode::limit);
  EXPECT_EQ(walk(nested(256)), kDone);
  EXPECT_EQ(walk(nested(257)), ErrorCode::limit);
}

TEST_F(Walks, J8_refuses_parts_that_are_not_what_was_promised) {
  const Cid leaf = text("12345");
  const Cid wrapped = tree.wrapped(as_bytes("12345"));
  EXPECT_EQ(walk(tree.file({{leaf, 5}, {wrapped, 5}})), kDone);
  for (const Cid& part : {leaf, wrapped, tree.file({{leaf, 5}})}) {
    for (const std::uint64_t bytes : {4ULL, 6ULL, 1ULL << 40, (1ULL << 63) - 1}) {
      EXPECT_EQ(walk(tree.file({{part, bytes}})), ErrorCode::malformed) << bytes;
    }
  }

  EXPECT_EQ(walk(tree.file({{tree.symlink("12345"), 5}})), ErrorCode::malformed);
  EXPECT_EQ(walk(tree.file({{tree.folder({}), 5}})), ErrorCode::malformed);
  EXPECT_EQ(walk(tree.file({{tree.add(Codec::dag_cbor, {0xa0}), 1}})), ErrorCode::unsupported);
  EXPECT_EQ(walk(tree.add(Codec::dag_cbor, {0xa0})), ErrorCode::unsupported);
  EXPECT_EQ(walk(tree.add(Codec::dag_pb, {0xff})), ErrorCode::malformed);
}

TEST_F(Walks, does_not_ask_for_parts_of_no_length) {
  const Cid nowhere = Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes("nowhere")));
  EXPECT_EQ(walk(tree.file({{nowhere, 0}, {text("ab"), 2}, {nowhere, 0}})), kDone);
  EXPECT_THAT(record.told, ElementsAre("open ", " 0+2", "close "));
}

TEST_F(Walks, a_part_that_repeats_comes_to_each_of_its_places) {
  const Cid twice = tree.file({{text("ab"), 2}, {text("ab"), 2}});
  EXPECT_EQ(walk(tree.file({{twice, 4}, {twice, 4}}), {.in_flight_blocks = 1}), kDone);
  EXPECT_THAT(record.told, ElementsAre("open ", " 0+2", " 2+2", " 4+2", " 6+2", "close "));
}

TEST_F(Walks, asks_for_no_more_at_once_than_it_may) {
  constexpr std::uint64_t kBytes = 4 << 20;
  TestTree::Parts parts;
  TestTree::Entries files;
  for (int i = 0; i < 40; ++i) {
    const Cid leaf = tree.raw(Bytes(1 << 20, static_cast<std::uint8_t>(i)));
    parts.emplace_back(leaf, 1 << 20);
    files.emplace_back(std::to_string(i), leaf);
  }
  for (const Cid& root : {tree.file(parts), tree.folder(files)}) {
    EXPECT_EQ(walk(root, {.in_flight_bytes = kBytes}), kDone);
    EXPECT_LE(source->most_bytes, kBytes);
    EXPECT_GT(source->most_blocks, 1U);
    EXPECT_EQ(walk(root, {.in_flight_blocks = 3}), kDone);
    EXPECT_EQ(source->most_blocks, 3U);
  }
}

TEST_F(Walks, a_block_that_nobody_has_ends_it_once_all_has_stopped) {
  const Cid nowhere = Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes("nowhere")));
  TestTree::Entries entries = {{"0", nowhere}};
  for (int i = 1; i < 100; ++i) entries.emplace_back(std::to_string(i), text(std::to_string(i)));
  EXPECT_EQ(walk(tree.folder(entries)), ErrorCode::not_found);
  const std::size_t told = record.told.size();
  world.run_for(1s);
  EXPECT_EQ(record.told.size(), told);
}

}  // namespace
}  // namespace shoal::content
