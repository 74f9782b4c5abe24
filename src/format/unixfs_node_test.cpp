#include "format/unixfs_node.h"

#include <gtest/gtest.h>

#include "base/varint.h"
#include "format/ipld_testing.h"

namespace shoal {
namespace {

using testing::add_file;
using testing::BlockMap;
using testing::code_thrown_by;
using testing::load_car;
using testing::pseudo_random_bytes;
using testing::small_profile;

const UnixfsProfile kProfile = UnixfsProfile::v1_2025();

Cid leaf_cid() {
  return UnixfsProfile::raw_cid(as_bytes("x"));
}

/// The file below `root`, put together from its blocks, last child first.
Bytes read_file(const Cid& root, const std::map<Cid, Bytes>& blocks) {
  const FileNode top = std::get<FileNode>(describe_node(root, blocks.at(root)).kind);
  Bytes content(top.length);
  std::vector<FilePart> parts{{root, 0, top.length}};
  while (!parts.empty()) {
    const FilePart part = parts.back();
    parts.pop_back();
    const FileNode file = describe_file_part(part, blocks.at(part.cid));
    std::ranges::copy(file.content, content.begin() + static_cast<std::ptrdiff_t>(file.offset));
    parts.insert(parts.end(), file.children.begin(), file.children.end());
  }
  return content;
}

UnixfsNode describe(const UnixfsData& data, const std::vector<DagPbLink>& links,
                    std::uint64_t offset = 0) {
  const Bytes encoded = encode_unixfs(data);
  const Bytes block = encode_dag_pb(links, ByteView(encoded));
  UnixfsNode node = describe_node(kProfile.dag_pb_cid(block), block, offset);
  // The content is lent by the block, which ends here.
  if (FileNode* file = std::get_if<FileNode>(&node.kind)) file->content = {};
  return node;
}

ErrorCode failure(const UnixfsData& data, const std::vector<DagPbLink>& links = {},
                  std::uint64_t offset = 0) {
  return code_thrown_by([&] { describe(data, links, offset); });
}

// ipfs add --trickle --chunker=size-512 --max-file-links=3, and --chunker=rabin-128-256-512
// --max-file-links=5, of the same 20000 bytes; ipfs dag export
TEST(UnixfsNode, reads_every_layout_that_kubo_makes) {
  const Bytes content = pseudo_random_bytes(2, 20'000);
  for (const char* name : {"trickle_v1.car", "trickle_v0.car", "rabin_v0.car"}) {
    const auto car = load_car(name);
    EXPECT_TRUE(equal(read_file(car.root, car.blocks), content)) << name;
  }
}

TEST(UnixfsNode, reads_what_the_builder_makes) {
  for (const std::size_t size : {0, 1, 15, 16, 17, 48, 49, 5000}) {
    const Bytes content = pseudo_random_bytes(3, size);
    for (const UnixfsProfile& profile : {kProfile, UnixfsProfile::legacy_v0()}) {
      BlockMap store;
      const FileRoot root = add_file(content, small_profile(profile, 16, 3), store.sink());
      EXPECT_TRUE(equal(read_file(root.cid, store.blocks), content)) << size;
    }
  }
}

TEST(UnixfsNode, places_inline_content_before_children) {
  const UnixfsNode node = describe(
      {.type = UnixfsType::file, .data = as_bytes("abc"), .filesize = 10, .blocksizes = {5, 0, 2}},
      {{leaf_cid(), "", 5}, {leaf_cid(), "", 0}, {leaf_cid(), "", 2}}, 100);
  const FileNode& file = std::get<FileNode>(node.kind);
  EXPECT_EQ(file.offset, 100u);
  EXPECT_EQ(file.length, 10u);
  ASSERT_EQ(file.children.size(), 2u) << "the empty one is left out";
  EXPECT_EQ(file.children[0].offset, 103u);
  EXPECT_EQ(file.children[0].length, 5u);
  EXPECT_EQ(file.children[1].offset, 108u);
  EXPECT_EQ(file.children[1].length, 2u);
}

// ipfs dag export of a directory added with --preserve-mode --preserve-mtime
TEST(UnixfsNode, reads_a_directory_with_metadata) {
  const auto car = load_car("meta.car");
  const UnixfsNode node = describe_node(car.root, car.blocks.at(car.root));
  EXPECT_EQ(node.metadata, (UnixfsMetadata{.mode = 0750, .mtime = UnixfsTime{1'700'000'003, 0}}));
  const auto& entries = std::get<DirectoryNode>(node.kind).entries;
  ASSERT_EQ(entries.size(), 3u);
  const UnixfsNode file = describe_node(entries[0].cid, car.blocks.at(entries[0].cid));
  EXPECT_EQ(entries[0].name, "f");
  EXPECT_EQ(file.metadata, (UnixfsMetadata{.mode = 01640, .mtime = UnixfsTime{1'700'000'000, 7}}));
  EXPECT_EQ(as_text(std::get<FileNode>(file.kind).content), "x");
  const UnixfsNode link = describe_node(entries[1].cid, car.blocks.at(entries[1].cid));
  EXPECT_EQ(std::get<SymlinkNode>(link.kind).target, "f");
  EXPECT_EQ(link.metadata, (UnixfsMetadata{.mtime = UnixfsTime{1'700'000'002, 0}}));
}

TEST(UnixfsNode, takes_raw_blocks_for_files) {
  const UnixfsNode node = describe_node(leaf_cid(), as_bytes("x"), 7);
  const FileNode& file = std::get<FileNode>(node.kind);
  EXPECT_EQ(as_text(file.content), "x");
  EXPECT_EQ(file.offset, 7u);
  EXPECT_EQ(file.length, 1u);
  EXPECT_EQ(code_thrown_by([&] { describe_node(leaf_cid(), Bytes(kMaxBlockBytes + 1)); }),
            ErrorCode::limit);
}

TEST(UnixfsNode, J8_rejects_other_codecs_and_types) {
  const Cid cbor = Cid::v1(Codec::dag_cbor, Multihash::sha2_256(as_bytes("x")));
  EXPECT_EQ(code_thrown_by([&] { describe_node(cbor, as_bytes("x")); }), ErrorCode::unsupported);
  EXPECT_EQ(failure({.type = UnixfsType::metadata}), ErrorCode::unsupported);
  const Cid empty = kProfile.dag_pb_cid({});
  EXPECT_EQ(code_thrown_by([&] { describe_node(empty, {}); }), ErrorCode::malformed);
}

TEST(UnixfsNode, rejects_files_whose_sizes_lie) {
  const DagPbLink part{leaf_cid(), "", 5};
  const auto file = [](std::optional<std::uint64_t> size, std::vector<std::uint64_t> blocks) {
    return UnixfsData{.type = UnixfsType::file, .filesize = size, .blocksizes = std::move(blocks)};
  };
  EXPECT_NO_THROW(describe(file(5, {5}), {part}));
  EXPECT_EQ(failure(file(5, {5})), ErrorCode::malformed) << "a size without a link";
  EXPECT_EQ(failure(file(5, {5}), {part, part}), ErrorCode::malformed) << "a link without a size";
  EXPECT_EQ(failure(file(6, {5}), {part}), ErrorCode::malformed) << "wrong sum";
  EXPECT_EQ(failure(file({}, {5}), {part}), ErrorCode::malformed) << "no sum";
  EXPECT_EQ(failure(file(0, {UINT64_MAX, 1}), {part, part}), ErrorCode::malformed) << "overflow";
  EXPECT_EQ(failure(file(5, {5}), {{leaf_cid(), "name", 5}}), ErrorCode::malformed) << "named part";
  EXPECT_NO_THROW(describe(file(5, {5}), {part}, kMaxVarint - 5));
  EXPECT_EQ(failure(file(5, {5}), {part}, kMaxVarint - 4), ErrorCode::malformed) << "past the end";
}

TEST(UnixfsNode, J8_rejects_parts_that_are_not_what_their_file_promised) {
  EXPECT_NO_THROW(describe_file_part({leaf_cid(), 0, 1}, as_bytes("x")));
  EXPECT_EQ(code_thrown_by([&] { describe_file_part({leaf_cid(), 0, 2}, as_bytes("x")); }),
            ErrorCode::malformed);
  const Bytes data = encode_unixfs({.type = UnixfsType::directory});
  const Bytes block = encode_dag_pb({}, ByteView(data));
  const Cid directory = kProfile.dag_pb_cid(block);
  EXPECT_EQ(code_thrown_by([&] { describe_file_part({directory, 0, 0}, block); }),
            ErrorCode::malformed);
}

TEST(UnixfsNode, rejects_directories_with_entries_that_cannot_be_told_apart) {
  const UnixfsData directory{.type = UnixfsType::directory};
  const DagPbLink a{leaf_cid(), "a", 1};
  const DagPbLink b{leaf_cid(), "b", 1};
  EXPECT_NO_THROW(describe(directory, {b, a}));
  EXPECT_EQ(failure(directory, {a, b, a}), ErrorCode::malformed);
  EXPECT_EQ(failure(directory, {{leaf_cid(), "", 1}}), ErrorCode::malformed);
}

TEST(UnixfsNode, K6_bounds_the_targets_of_symbolic_links) {
  const auto symlink = [](std::string_view target) {
    return UnixfsData{.type = UnixfsType::symlink, .data = as_bytes(target)};
  };
  const std::string longest(4096, 't');
  const std::string longer(4097, 't');
  EXPECT_EQ(std::get<SymlinkNode>(describe(symlink(longest), {}).kind).target, longest);
  EXPECT_EQ(failure(symlink(longer)), ErrorCode::limit);
  EXPECT_EQ(failure(symlink("")), ErrorCode::malformed);
  EXPECT_EQ(failure(symlink(std::string_view("a\0b", 3))), ErrorCode::malformed);
  EXPECT_EQ(failure(symlink("a"), {{leaf_cid(), "", 1}}), ErrorCode::malformed);
}

UnixfsData shard(ByteView field, std::optional<std::uint64_t> fanout = 256,
                 std::optional<std::uint64_t> hash = kHamtHashType) {
  return {.type = UnixfsType::hamt_shard, .data = field, .hash_type = hash, .fanout = fanout};
}

TEST(UnixfsNode, tells_entries_of_a_shard_from_shards_below) {
  const Bytes field{0x80, 0x02};
  const UnixfsNode node = describe(shard(field), {{leaf_cid(), "01", 9}, {leaf_cid(), "0Fx", 1}});
  const ShardNode& found = std::get<ShardNode>(node.kind);
  EXPECT_EQ(found.shape.fanout, 256u);
  ASSERT_EQ(found.children.size(), 1u);
  EXPECT_EQ(found.children[0].bucket, 1u);
  EXPECT_EQ(found.children[0].link.tsize, 9u);
  ASSERT_EQ(found.entries.size(), 1u);
  EXPECT_EQ(found.entries[0].bucket, 15u);
  EXPECT_EQ(found.entries[0].link.name, "x");
}

TEST(UnixfsNode, B13_J3_rejects_shards_that_contradict_themselves) {
  const Bytes first{0x01};
  const Bytes two{0x03};
  const DagPbLink entry{leaf_cid(), "00x", 1};
  EXPECT_NO_THROW(describe(shard(first), {entry}));
  EXPECT_EQ(failure(shard({}), {entry}), ErrorCode::malformed) << "no bit";
  EXPECT_EQ(failure(shard(first)), ErrorCode::malformed) << "no link";
  EXPECT_EQ(failure(shard(first), {{leaf_cid(), "01x", 1}}), ErrorCode::malformed) << "other bit";
  EXPECT_EQ(failure(shard(two), {entry, {leaf_cid(), "00y", 1}}), ErrorCode::malformed) << "twice";
  EXPECT_EQ(failure(shard(first), {{leaf_cid(), "0", 1}}), ErrorCode::malformed) << "no prefix";
  EXPECT_EQ(failure(shard(two), {entry, {leaf_cid(), "0gy", 1}}), ErrorCode::malformed) << "0g";
  Bytes long_field(33);
  long_field.back() = 1;
  EXPECT_EQ(failure(shard(long_field), {entry}), ErrorCode::malformed) << "33 bytes for 256 bits";
}

TEST(UnixfsNode, J1_rejects_shards_of_hostile_fanout_or_unknown_hash) {
  const auto none = std::optional<std::uint64_t>{};
  for (const std::uint64_t fanout : {std::uint64_t{0}, std::uint64_t{100}, std::uint64_t{2048},
                                     std::uint64_t{1} << 40, UINT64_MAX}) {
    EXPECT_EQ(failure(shard({}, fanout)), ErrorCode::malformed) << fanout;
  }
  EXPECT_EQ(failure(shard({}, none)), ErrorCode::malformed);
  EXPECT_EQ(failure(shard({}, 256, 0x12)), ErrorCode::unsupported);
  EXPECT_EQ(failure(shard({}, 256, none)), ErrorCode::unsupported);
  EXPECT_NO_THROW(describe(shard({}, 1024), {}));
}

}  // namespace
}  // namespace shoal
