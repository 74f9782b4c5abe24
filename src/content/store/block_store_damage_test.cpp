// What the store does with a home that was damaged.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "content/store/block_store_testing.h"
#include "content/store/database.h"
#include "content/store/index_reading.h"

namespace shoal::content {
namespace {

using os::TempFolder;
using testing::got;
using testing::kLongAgo;
using testing::numbered;
using testing::pattern;
using testing::Source;
using testing::text;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// Opens a store over `bytes`; true when it set them aside, unchanged, and works.
Task<bool> is_set_aside(System& system, std::string bytes) {
  const TempFolder temp;
  write_file(temp.path("index.db"), bytes);
  write_file(temp.path("index.db.damaged-1"), "an earlier one");
  BlockStore store(system, temp.path());
  const Bytes node = pattern(10, 1);
  store.put(Multihash::sha2_256(node), node);
  EXPECT_EQ(co_await got(store, Multihash::sha2_256(node)), text(node));
  co_await store.stop();
  EXPECT_EQ(read_file(temp.path("index.db.damaged-1")), "an earlier one");
  if (store.damaged().empty()) co_return false;
  EXPECT_EQ(store.damaged(), temp.path("index.db.damaged-2"));
  co_return read_file(store.damaged()).size() == bytes.size();
}

Task<void> damage(System& system) {
  const TempFolder temp;
  {
    BlockStore store(system, temp.path());
    const FileId file = store.add_file("/some/file", {});
    for (std::uint64_t i = 0; i < 2000; ++i) store.put_extent(numbered(i), file, i, 1);
    co_await store.stop();
  }
  const std::string good = read_file(temp.path("index.db"));
  EXPECT_GT(good.size(), 10u * 4096);
  EXPECT_FALSE(co_await is_set_aside(system, good));
  EXPECT_TRUE(co_await is_set_aside(system, std::string(100'000, 'x')));
  EXPECT_TRUE(co_await is_set_aside(system, "short"));
  EXPECT_TRUE(co_await is_set_aside(system, good.substr(0, good.size() / 2)));
  EXPECT_TRUE(co_await is_set_aside(system, good.substr(0, 4096)));
  std::string spoilt = good;
  for (std::size_t i = good.size() / 2; i < good.size() / 2 + 4096; ++i) spoilt[i] = 'x';
  EXPECT_TRUE(co_await is_set_aside(system, spoilt));
  std::string newer = good;
  newer[63] = 4;  // user_version, big-endian at 60
  EXPECT_TRUE(co_await is_set_aside(system, newer));
}
TEST(BlockStore, K10_sets_a_damaged_foreign_or_newer_index_aside) {
  os::in_later_world(damage);
}

/// As a program of the first schema left it: one block of `source`, and what was imported from it.
void write_version_1(System& system, const std::string& path, const Source& source) {
  Database old(system, path);
  old.begin();
  old.run(R"(
    CREATE TABLE nodes(hash BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE files(
      id INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL UNIQUE, size INTEGER NOT NULL,
      mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE places(
      file INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
      before BLOB NOT NULL, after BLOB NOT NULL, hash BLOB NOT NULL, version INTEGER NOT NULL,
      PRIMARY KEY(file, offset, length, before, after)) WITHOUT ROWID;
    CREATE INDEX places_by_hash ON places(substr(hash, -8));
    CREATE TABLE imports(
      file INTEGER NOT NULL, profile BLOB NOT NULL, root BLOB NOT NULL, dag_bytes INTEGER NOT NULL,
      blocks INTEGER NOT NULL, PRIMARY KEY(file, profile)) WITHOUT ROWID;
    PRAGMA user_version=1;
  )");
  const FileStamp stamp = source.stamp();
  Statement add_file(old, "INSERT INTO files VALUES (7, ?1, ?2, ?3, ?4, 0)");
  add_file.run(source.path, stamp.size, stamp.mtime_ns, stamp.inode);
  Statement add_place(old, "INSERT INTO places VALUES (7, ?1, 1000, ?3, ?3, ?2, 0)");
  for (std::size_t i = 0; i < source.hashes.size(); ++i) {
    add_place.run(std::uint64_t{i * 1000}, source.hashes[i].encoded(), ByteView());
  }
  Statement add_import(old, "INSERT INTO imports VALUES (7, ?1, ?2, 1000, 1)");
  add_import.run(std::string_view("p"), Cid::v1(Codec::raw, source.hashes[0]).encode());
  old.commit();
}

Task<void> older_schema(System& system) {
  const TempFolder temp;
  const Source source(system, temp.path("data"), 2);
  write_version_1(system, temp.path("index.db"), source);
  const auto before = co_await read_index(system, temp.path());
  EXPECT_TRUE(before && before->files.size() == 1 && before->files[0].blocks == 2);
  EXPECT_TRUE(before->files[0].stamp.may_be(source.stamp()));
  source.spoil(1, kLongAgo);  // not seen by a stamp without ctime
  {
    BlockStore store(system, temp.path());
    EXPECT_EQ(store.damaged(), "");
    EXPECT_FALSE(store.imported(source.path, source.stamp(), "p"));
    EXPECT_EQ(co_await got(store, source.hashes[0]), text(source.blocks[0]));
    EXPECT_EQ(co_await got(store, source.hashes[1]), "none");
    co_await store.stop();
  }
  BlockStore store(system, temp.path());
  EXPECT_EQ(co_await got(store, source.hashes[0]), text(source.blocks[0]));
  EXPECT_GT(store.add_file("/another", {}), 7);
  co_await store.stop();
}
TEST(BlockStore, takes_over_an_index_without_ctime_and_hashes_its_files_anew) {
  os::in_later_world(older_schema);
}

Task<void> damage_while_open(System& system) {
  const TempFolder temp;
  {
    BlockStore store(system, temp.path());
    const FileId file = store.add_file("/some/file", {});
    for (std::uint64_t i = 0; i < 100'000; ++i) store.put_extent(numbered(i), file, i, 1);
    co_await store.stop();
  }
  BlockStore store(system, temp.path());
  const std::string good = read_file(temp.path("index.db"));
  // In place: the store has the file open.
  std::fstream file(temp.path("index.db"), std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(4096);
  file << std::string(good.size() - 4096, 'x');
  file.close();
  std::size_t held = 0;
  for (std::uint64_t i = 0; i < 100'000; i += 100) held += store.has(numbered(i)) ? 1 : 0;
  EXPECT_LT(held, 1000u);
  EXPECT_EQ(store.damaged(), temp.path("index.db.damaged-1"));
  const Source source(system, temp.path("data"), 1);
  EXPECT_GT(source.add_to(store), 0);
  EXPECT_EQ(co_await got(store, source.hashes[0]), text(source.blocks[0]));
  co_await store.stop();
}
TEST(BlockStore, K10_goes_on_with_an_empty_index_when_damage_shows_later) {
  os::in_later_world(damage_while_open);
}

Task<void> spoilt_node(System& system) {
  const TempFolder temp;
  const Bytes node(3000, 'N');
  const Multihash hash = Multihash::sha2_256(node);
  {
    BlockStore store(system, temp.path());
    store.put(hash, node);
    co_await store.stop();
  }
  std::string bytes = read_file(temp.path("index.db"));
  const auto at = bytes.find(std::string(100, 'N'));
  bytes[at + 50] = 'x';
  write_file(temp.path("index.db"), bytes);
  BlockStore store(system, temp.path());
  EXPECT_EQ(store.damaged(), "");
  EXPECT_EQ(co_await got(store, hash), "none");
  EXPECT_FALSE(store.has(hash));
  EXPECT_EQ(store.stale_blocks(), 1u);
  co_await store.stop();
}
TEST(BlockStore, forgets_a_node_whose_bytes_rotted) {
  os::in_later_world(spoilt_node);
}

}  // namespace
}  // namespace shoal::content
