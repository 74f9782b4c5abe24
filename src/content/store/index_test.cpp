#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "content/store/memory_index.h"
#include "content/store/sqlite_index.h"
#include "system/sim/random.h"
#include "system/sim/world.h"

namespace shoal::content {
namespace {

constexpr int kSteps = 3000;

Bytes some_hash(std::uint64_t number) {
  return to_bytes(Multihash::sha2_256(as_bytes(std::to_string(number))).encoded());
}

FileStamp some_stamp(std::uint64_t number) {
  return {.size = number, .mtime_ns = 1, .ctime_ns = 2, .inode = 3, .device = 4};
}

/// A few paths, so that operations meet: /a, /a/b, /a0, ...
std::string some_path(std::uint64_t number) {
  constexpr const char* kPaths[] = {"/a", "/a/b", "/a/b/c", "/a0", "/b", "/b/b", "/b/b/c", "/c"};
  return kPaths[number % std::size(kPaths)];
}

std::string described(const std::vector<Index::Extent>& extents) {
  std::string out;
  for (const Index::Extent& place : extents) {
    out += fmt::format("{} [{}, {}) {}{} {} {}; ", place.path, place.offset, place.length,
                       as_text(place.frame.before), as_text(place.frame.after), place.current,
                       place.stamp.size);
  }
  return out;
}

/// Does the same to both indexes, whose ids of files differ, and compares what they answer.
class BothIndexes {
 public:
  BothIndexes(System& system, std::uint64_t seed)
      : random_(seed, 0), on_disk_(system, "/index.db", 0) {}

  void step() {
    const std::string said[] = {apply(on_disk_, sim::SeededRandom(random_)),
                                apply(in_memory_, sim::SeededRandom(random_))};
    EXPECT_EQ(said[0], said[1]);
    random_.next();
  }

 private:
  /// Draws the same numbers for both.
  static std::string apply(Index& index, sim::SeededRandom random) {
    const Bytes hash = some_hash(random.below(12));
    const std::string path = some_path(random.below(8));
    const FileStamp stamp = some_stamp(random.below(3));
    const std::uint64_t offset = random.below(3);
    const ExtentFrame frame{.before = Bytes(random.below(2), 'x'), .after = {}};
    const auto file = index.find_file(path);
    switch (random.below(14)) {
      case 0:
        index.put_node(hash, Bytes(7 + offset, 1));
        break;
      case 1:
        if (random.below(4) == 0) index.forget_node(hash);
        break;
      case 2:
      case 3:
      case 4:
        index.add_file(path, stamp);
        break;
      case 5:
      case 6:
      case 7:
        if (file) index.put_extent(hash, file->id, offset, 1 + random.below(2), frame);
        break;
      case 8:
        for (const auto& place : index.extents(hash, 1)) index.forget_extent(hash, place);
        break;
      case 9:
        for (const auto& place : index.extents(hash, 1)) {
          if (file) index.renew(place, stamp);
        }
        break;
      case 10:
        if (file && random.below(3) == 0) index.forget_file(file->id);
        break;
      case 11:
        if (random.below(3) == 0) {
          return std::to_string(
              index.move_files(path, some_path(random.below(8)), 1 + random.below(3)));
        }
        break;
      case 12:
        if (random.below(6) == 0)
          return std::to_string(index.forget_below(path, 1 + random.below(3)));
        break;
      default:
        if (file) index.set_imported(file->id, "p", {Cid::v1(Codec::raw, root()), offset, 1});
    }
    return state(index, hash, path);
  }

  static Multihash root() { return Multihash::sha2_256(as_bytes("root")); }

  static std::string state(Index& index, ByteView hash, const std::string& path) {
    const auto node = index.node(hash);
    const auto file = index.find_file(path);
    const auto imported = file ? index.imported(file->id, "p") : std::nullopt;
    auto extents = index.extents(hash, 100);
    std::ranges::sort(extents, {}, [](const auto& place) {
      return std::tuple(place.path, place.offset, place.length, place.frame.before);
    });
    return fmt::format("{} {} {} {} {}: {}", index.size(hash).has_value(), index.has_node(hash),
                       node ? node->size() : 0, file ? file->stamp.size : 99,
                       imported ? imported->dag_bytes : 99, described(extents));
  }

  sim::SeededRandom random_;
  SqliteIndex on_disk_;
  MemoryIndex in_memory_;
};

TEST(Index, in_memory_answers_as_on_disk) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    sim::World world;
    BothIndexes both(world.add_host().system(), seed);
    for (int i = 0; i < kSteps && !::testing::Test::HasFailure(); ++i) both.step();
  }
}

TEST(Index, looks_at_as_many_places_of_a_block_as_asked) {
  MemoryIndex index;
  const FileId file = index.add_file("/a", some_stamp(1));
  for (std::uint64_t i = 0; i < 100; ++i) index.put_extent(some_hash(1), file, i, 1, {});
  EXPECT_EQ(index.extents(some_hash(1), 8).size(), 8u);
  EXPECT_EQ(index.extents(some_hash(1), 1000).size(), 100u);
}

/// The tables that the second schema had.
void write_version_2(System& system, const std::string& path, ByteView hash, ByteView bytes) {
  Database old(system, path);
  old.run(R"(
    CREATE TABLE nodes(hash BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE files(
      id INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL UNIQUE, size INTEGER NOT NULL,
      mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
      device INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE places(
      file INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
      before BLOB NOT NULL, after BLOB NOT NULL, hash BLOB NOT NULL, version INTEGER NOT NULL,
      PRIMARY KEY(file, offset, length, before, after)) WITHOUT ROWID;
    CREATE INDEX places_by_hash ON places(substr(hash, -8));
    CREATE TABLE imports(
      file INTEGER NOT NULL, profile BLOB NOT NULL, root BLOB NOT NULL, dag_bytes INTEGER NOT NULL,
      blocks INTEGER NOT NULL, PRIMARY KEY(file, profile)) WITHOUT ROWID;
    INSERT INTO files VALUES (7, CAST('/a' AS BLOB), 1, 1, 2, 3, 4, 0);
    PRAGMA user_version=2;
  )");
  Statement(old, "INSERT INTO nodes VALUES (?1, ?2)").run(hash, bytes);
  Statement(old, "INSERT INTO places VALUES (7, 0, 1, ?2, ?2, ?1, 0)")
      .run(some_hash(2), ByteView());
}

TEST(Index, keeps_nodes_and_places_of_the_second_schema) {
  sim::World world;
  System& system = world.add_host().system();
  const Bytes bytes(100'000, 'n');
  write_version_2(system, "/index.db", some_hash(1), bytes);
  for (int opened = 0; opened < 2; ++opened) {
    SqliteIndex index(system, "/index.db", 0);
    EXPECT_EQ(index.node(some_hash(1)), bytes);
    EXPECT_EQ(index.size(some_hash(1)), bytes.size());
    EXPECT_EQ(index.extents(some_hash(2), 9).size(), 1u);
    EXPECT_TRUE(index.find_file("/a"));
    EXPECT_GT(index.add_file("/b", some_stamp(1)), 7);
    index.commit();
  }
}

TEST(Index, ephemeral_store_touches_no_disk) {
  sim::World world;
  System& system = world.add_host().system();
  const Bytes node(1000, 1);
  const Multihash hash = Multihash::sha2_256(node);
  {
    BlockStore store(system, "/home", Persistence::ephemeral);
    store.put(hash, node);
    EXPECT_EQ(store.size(hash), node.size());
    EXPECT_EQ(store.home(), "/home");
    EXPECT_THROW(store.take_over("/other"), Error);
    world.run(store.stop());
  }
  EXPECT_FALSE(system.storage.info("/home"));
  BlockStore store(system, "/home", Persistence::ephemeral);
  EXPECT_FALSE(store.has(hash));
  world.run(store.stop());
}

}  // namespace
}  // namespace shoal::content
