#include "format/hamt_walk.h"

#include <gtest/gtest.h>

#include <deque>

#include "format/ipld_testing.h"

namespace shoal {
namespace {

using testing::BlockMap;
using testing::code_thrown_by;
using testing::file_entry;
using testing::load_car;

const UnixfsProfile kProfile = UnixfsProfile::v1_2025();

std::set<std::string> names_in(const Cid& root, const std::map<Cid, Bytes>& blocks) {
  HamtWalk walk(root);
  std::set<std::string> names;
  while (!walk.done()) {
    std::vector<Cid> wanted = walk.take_wanted();
    // Any order will do: take the youngest first.
    for (auto cid = wanted.rbegin(); cid != wanted.rend(); ++cid) {
      for (const DagPbLink& entry : walk.accept(*cid, blocks.at(*cid))) names.insert(entry.name);
    }
  }
  return names;
}

Cid add_shard(const std::vector<DagPbLink>& links, BlockMap& store, unsigned fanout = 256) {
  Bytes field(fanout / 8);
  const HamtShape shape{fanout};
  for (const DagPbLink& link : links) {
    const unsigned bucket = shape.parse_prefix(link.name).value();
    field[field.size() - 1 - bucket / 8] |= static_cast<std::uint8_t>(1U << (bucket % 8));
  }
  const Bytes data = encode_unixfs({.type = UnixfsType::hamt_shard,
                                    .data = field,
                                    .hash_type = kHamtHashType,
                                    .fanout = fanout});
  Bytes block = encode_dag_pb(links, ByteView(data));
  const Cid cid = kProfile.dag_pb_cid(block);
  store.blocks.emplace(cid, std::move(block));
  return cid;
}

DagPbLink entry_at(unsigned depth, const std::string& name) {
  const HamtShape shape{256};
  return file_entry(shape.prefix(shape.bucket(hamt_hash(name), depth)) + name, as_bytes("x"),
                    kProfile);
}

std::string first_prefix(const std::string& name) {
  return HamtShape{256}.prefix(HamtShape{256}.bucket(hamt_hash(name), 0));
}

TEST(HamtWalk, finds_every_entry_that_kubo_put_in) {
  const auto car = load_car("shards.car");
  std::set<std::string> expected;
  for (int i = 0; i < 300; ++i) expected.insert("entry " + std::to_string(i));
  EXPECT_EQ(names_in(car.root, car.blocks), expected);
}

TEST(HamtWalk, walks_every_fanout_of_its_own) {
  for (const unsigned fanout : {8, 32, 1024}) {
    UnixfsProfile profile = kProfile;
    profile.hamt_fanout = fanout;
    std::vector<DagPbLink> entries;
    for (int i = 0; i < 500; ++i) {
      entries.push_back(file_entry(std::to_string(i), as_bytes("x"), profile));
    }
    BlockMap store;
    const DirectoryRoot root = build_hamt(entries, profile, {}, store.sink());
    EXPECT_EQ(names_in(root.cid, store.blocks).size(), 500u);
  }
}

TEST(HamtWalk, tells_the_metadata_of_the_root) {
  BlockMap store;
  const UnixfsMetadata metadata{.mode = 0700};
  const DirectoryRoot root = build_hamt({}, kProfile, metadata, store.sink());
  HamtWalk walk(root.cid);
  EXPECT_TRUE(walk.accept(root.cid, store.blocks.at(root.cid)).empty());
  EXPECT_TRUE(walk.done());
  EXPECT_EQ(walk.metadata(), metadata);
}

TEST(HamtWalk, J3_rejects_a_name_where_its_hash_does_not_put_it) {
  BlockMap store;
  const Cid right = add_shard({entry_at(0, "name")}, store);
  EXPECT_EQ(names_in(right, store.blocks).size(), 1u);
  const unsigned wrong = HamtShape{256}.bucket(hamt_hash("name"), 0) ^ 1;
  const Cid root =
      add_shard({file_entry(HamtShape{256}.prefix(wrong) + "name", {}, kProfile)}, store);
  EXPECT_EQ(code_thrown_by([&] { names_in(root, store.blocks); }), ErrorCode::malformed);
}

TEST(HamtWalk, J3_rejects_a_shard_that_belongs_elsewhere) {
  BlockMap store;
  const Cid child = add_shard({entry_at(1, "name")}, store);
  const std::string prefix = first_prefix("name");
  EXPECT_EQ(names_in(add_shard({{child, prefix, 1}}, store), store.blocks).size(), 1u);
  const Cid root = add_shard({{child, prefix == "00" ? "01" : "00", 1}}, store);
  EXPECT_EQ(code_thrown_by([&] { names_in(root, store.blocks); }), ErrorCode::malformed);
}

TEST(HamtWalk, J3_rejects_a_shard_that_comes_twice) {
  BlockMap store;
  const Cid child = add_shard({entry_at(1, "name")}, store);
  const std::string right = first_prefix("name");
  ASSERT_LT(right, "FF");
  const Cid root = add_shard({{child, right, 1}, {child, "FF", 1}}, store);
  EXPECT_EQ(code_thrown_by([&] { names_in(root, store.blocks); }), ErrorCode::malformed);
}

TEST(HamtWalk, J3_rejects_empty_shards_below_the_root) {
  BlockMap store;
  const Cid root = add_shard({{add_shard({}, store), "00", 1}}, store);
  EXPECT_EQ(code_thrown_by([&] { names_in(root, store.blocks); }), ErrorCode::malformed);
}

TEST(HamtWalk, J1_rejects_a_second_fanout) {
  // A name that lies where 8 bits of its hash and 8 more put it, of which a fanout of 16 has 4.
  std::string name = "x";
  while (HamtShape{256}.bucket(hamt_hash(name), 1) >= 16) name += "x";
  const unsigned bucket = HamtShape{256}.bucket(hamt_hash(name), 1);
  BlockMap store;
  const Cid child =
      add_shard({file_entry(HamtShape{16}.prefix(bucket) + name, {}, kProfile)}, store, 16);
  const Cid root = add_shard({{child, first_prefix(name), 1}}, store);
  EXPECT_EQ(code_thrown_by([&] { names_in(root, store.blocks); }), ErrorCode::malformed);
}

Cid chain(unsigned shards, const std::string& name, BlockMap& store) {
  const HamtShape shape{256};
  Cid cid = add_shard({entry_at(std::min(shards - 1, 7U), name)}, store);
  for (unsigned depth = shards - 1; depth-- > 0;) {
    const unsigned bucket = depth < 8 ? shape.bucket(hamt_hash(name), depth) : 0;
    cid = add_shard({{cid, shape.prefix(bucket), 1}}, store);
  }
  return cid;
}

TEST(HamtWalk, J3_goes_as_deep_as_the_hash_and_no_deeper) {
  BlockMap store;
  const Cid deepest = chain(8, "name", store);
  EXPECT_EQ(names_in(deepest, store.blocks).size(), 1u);
  const Cid deeper = chain(20, "name", store);
  HamtWalk walk(deeper);
  for (int depth = 0; depth < 8; ++depth) {
    const Cid shard = walk.take_wanted().at(0);
    walk.accept(shard, store.blocks.at(shard));
  }
  const Cid ninth = walk.take_wanted().at(0);
  EXPECT_EQ(code_thrown_by([&] { walk.accept(ninth, store.blocks.at(ninth)); }),
            ErrorCode::malformed);
}

TEST(HamtWalk, J3_stops_at_the_number_of_entries_allowed) {
  const auto car = load_car("shards.car");
  HamtWalk walk(car.root, 10);
  EXPECT_EQ(code_thrown_by([&] { walk.accept(car.root, car.blocks.at(car.root)); }),
            ErrorCode::limit);
}

TEST(HamtWalk, J8_rejects_a_child_that_is_no_shard) {
  BlockMap store;
  const Leaf leaf = make_leaf(as_bytes("x"), kProfile);
  store.blocks.emplace(leaf.root.cid, leaf.block);
  const Cid root = add_shard({{leaf.root.cid, "00", 1}}, store);
  EXPECT_EQ(code_thrown_by([&] { names_in(root, store.blocks); }), ErrorCode::malformed);
}

const DagPbLink* find(const std::string& name, const testing::LoadedCar& car, Bytes& kept,
                      std::deque<ShardNode>& shards) {
  Cid at = car.root;
  for (unsigned depth = 0;; ++depth) {
    kept = car.blocks.at(at);
    shards.push_back(std::get<ShardNode>(describe_node(at, kept).kind));
    const HamtStep step = find_in_shard(shards.back(), name, depth);
    if (step.child == nullptr) return step.entry;
    at = step.child->cid;
  }
}

TEST(HamtWalk, looks_up_single_names) {
  const auto car = load_car("shards.car");
  Bytes kept;
  std::deque<ShardNode> shards;
  for (int i = 0; i < 300; ++i) {
    const std::string name = "entry " + std::to_string(i);
    const DagPbLink* found = find(name, car, kept, shards);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_EQ(found->name, name);
  }
  EXPECT_EQ(find("entry 300", car, kept, shards), nullptr);
}

}  // namespace
}  // namespace shoal
