#include "content/store/block_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "content/store/block_store_testing.h"
#include "content/store/database.h"
#include "system/offload.h"

namespace shoal::content {
namespace {

using os::TempFolder;
using testing::got;
using testing::kLongAgo;
using testing::numbered;
using testing::pattern;
using testing::Source;
using testing::text;

/// What a new process finds when the one that has `from` open is killed now.
void copy_as_after_kill(const TempFolder& from, const TempFolder& to) {
  for (const char* name : {"index.db", "index.db-wal"}) {
    if (std::filesystem::exists(from.path(name))) {
      std::filesystem::copy_file(from.path(name), to.path(name));
    }
  }
}

Task<void> keep_and_reopen(System& system) {
  const TempFolder temp;
  const Source source(system, temp.path("data"), 3);
  const Bytes node = pattern(5000, 99);
  const Multihash node_hash = Multihash::sha2_256(node);
  {
    BlockStore store(system, temp.path("home"));
    store.put(node_hash, node);
    source.add_to(store);
    EXPECT_TRUE(store.has(source.hashes[2]));
    EXPECT_EQ(store.size(source.hashes[2]), 1000u);
    co_await store.stop();
  }
  BlockStore store(system, temp.path("home"));
  EXPECT_EQ(store.damaged(), "");
  EXPECT_EQ(store.size(node_hash), 5000u);
  EXPECT_EQ(co_await got(store, node_hash), text(node));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(co_await got(store, source.hashes[i]), text(source.blocks[i]));
  }
  EXPECT_FALSE(store.has(numbered(1)));
  EXPECT_EQ(store.size(numbered(1)), std::nullopt);
  EXPECT_EQ(co_await got(store, numbered(1)), "none");
  EXPECT_EQ(store.stale_blocks(), 0u);
  co_await store.stop();
}
TEST(BlockStore, serves_nodes_and_places_after_reopening) {
  os::in_later_world(keep_and_reopen);
}

Task<void> killed(System& system) {
  const TempFolder temp, after_put, after_place, after_commit;
  const Source source(system, temp.path("data"), 1);
  const Bytes node = pattern(70'000, 1);
  BlockStore store(system, temp.path());
  store.put(Multihash::sha2_256(node), node);
  copy_as_after_kill(temp, after_put);
  source.add_to(store);
  copy_as_after_kill(temp, after_place);
  store.commit();
  copy_as_after_kill(temp, after_commit);
  co_await store.stop();

  BlockStore with_node(system, after_put.path());
  EXPECT_EQ(co_await got(with_node, Multihash::sha2_256(node)), text(node));
  BlockStore without_place(system, after_place.path());
  EXPECT_FALSE(without_place.has(source.hashes[0]));
  EXPECT_TRUE(without_place.has(Multihash::sha2_256(node)));
  BlockStore with_place(system, after_commit.path());
  EXPECT_EQ(co_await got(with_place, source.hashes[0]), text(source.blocks[0]));
  for (BlockStore* each : {&with_node, &without_place, &with_place}) {
    EXPECT_EQ(each->damaged(), "");
    co_await each->stop();
  }
}
TEST(BlockStore, keeps_what_it_promised_when_killed) {
  os::in_later_world(killed);
}

Task<void> changed_file(System& system) {
  const TempFolder temp;
  const Source source(system, temp.path("data"), 3);
  BlockStore store(system, temp.path());
  const FileId file = source.add_to(store);
  const Cid root = Cid::v1(Codec::raw, source.hashes[0]);
  store.set_imported(file, "p", {.root = root, .dag_bytes = 3000, .blocks = 3});
  source.spoil(1, kLongAgo + 1h);
  std::vector<std::string> missed;
  const Subscription missing = store.when_missed(
      [&missed](const Multihash&, const std::string& path) { missed.push_back(path); });

  // The right block lets the file's new look be known, which must not vouch for the others.
  EXPECT_EQ(co_await got(store, source.hashes[0]), text(source.blocks[0]));
  EXPECT_EQ(store.stale_blocks(), 0u);
  EXPECT_FALSE(store.imported(source.path, source.stamp(), "p"));
  EXPECT_EQ(co_await got(store, source.hashes[1]), "none");
  EXPECT_EQ(store.stale_blocks(), 1u);
  EXPECT_FALSE(store.has(source.hashes[1]));
  EXPECT_EQ(missed, std::vector{source.path});
  EXPECT_EQ(co_await got(store, source.hashes[1]), "none");  // it is not held any more
  EXPECT_EQ(co_await got(store, source.hashes[2]), text(source.blocks[2]));
  EXPECT_EQ(store.stale_blocks(), 1u);
  EXPECT_EQ(missed.size(), 1u);
  co_await store.stop();
}

TEST(BlockStore, hashes_every_block_of_a_changed_file_again_and_forgets_the_wrong_ones) {
  os::in_later_world(changed_file);
}

Task<void> young_change(System& system) {
  const TempFolder temp;
  const Source source(system, temp.path("data"), 2);
  BlockStore store(system, temp.path());
  source.add_to(store);
  // Just now, for as long as this test may take.
  const WallTime just_now = system.clock.wall_now() + 1h;
  source.spoil(1, just_now);
  EXPECT_EQ(co_await got(store, source.hashes[0]), text(source.blocks[0]));
  // Written again within the same tick: it looks the same as before.
  source.spoil(0, just_now);
  EXPECT_EQ(co_await got(store, source.hashes[0]), "none");
  co_await store.stop();
}
TEST(BlockStore, does_not_trust_the_stamp_of_a_file_written_just_now) {
  os::in_later_world(young_change);
}

Task<void> gone_file(System& system) {
  const TempFolder temp;
  const Source source(system, temp.path("data"), 2);
  BlockStore store(system, temp.path());
  source.add_to(store);
  system.storage.remove(source.path);
  EXPECT_EQ(co_await got(store, source.hashes[0]), "none");
  EXPECT_EQ(store.stale_blocks(), 1u);
  const Source shorter(system, temp.path("data"), 1);
  EXPECT_EQ(co_await got(store, source.hashes[1]), "none");
  co_await store.stop();
}
TEST(BlockStore, forgets_places_in_a_file_that_is_gone_or_shorter) {
  os::in_later_world(gone_file);
}

Task<void> second_place(System& system) {
  const TempFolder temp;
  const Source one(system, temp.path("one"), 1);
  const Source other(system, temp.path("other"), 1);
  BlockStore store(system, temp.path());
  one.add_to(store);
  other.add_to(store);
  one.spoil(0, kLongAgo + 1h);
  EXPECT_EQ(co_await got(store, one.hashes[0]), text(one.blocks[0]));
  EXPECT_EQ(store.stale_blocks(), 1u);
  EXPECT_EQ(co_await got(store, one.hashes[0]), text(one.blocks[0]));
  EXPECT_EQ(store.stale_blocks(), 1u);
  co_await store.stop();
}
TEST(BlockStore, serves_from_another_place_when_one_is_stale) {
  os::in_later_world(second_place);
}

Task<void> tenth_place(System& system) {
  const TempFolder temp;
  BlockStore store(system, temp.path());
  std::vector<Source> copies;
  for (int i = 0; i < 10; ++i) copies.emplace_back(system, temp.path(std::to_string(i)), 1);
  for (const Source& copy : copies) copy.add_to(store);
  for (int i = 0; i < 9; ++i) copies[i].spoil(0, kLongAgo + 1h);
  EXPECT_EQ(co_await got(store, copies[0].hashes[0]), text(copies[0].blocks[0]));
  EXPECT_EQ(store.stale_blocks(), 9u);
  co_await store.stop();
}
TEST(BlockStore, serves_from_the_one_place_of_ten_that_is_not_stale) {
  os::in_later_world(tenth_place);
}

Task<void> repeated_block(System& system) {
  const TempFolder temp;
  const Source source(system, temp.path("data"), 1);
  BlockStore store(system, temp.path());
  const FileId file = source.add_to(store);
  for (std::uint64_t i = 1; i < 100'000; ++i) {
    store.put_extent(source.hashes[0], file, i * 1000, 1000);
  }
  const TimePoint begun = system.clock.now();
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(co_await got(store, source.hashes[0]), text(source.blocks[0]));
  }
  // Far more than it takes, and far less than when all extents are looked at each time.
  EXPECT_LT(system.clock.now() - begun, 2s);
  co_await store.stop();
}
TEST(BlockStore, finds_a_block_that_lies_in_a_hundred_thousand_places_at_once) {
  os::in_later_world(repeated_block);
}

Task<void> time_set_back(System& system) {
  const TempFolder temp;
  const Source source(system, temp.path("data"), 1);
  BlockStore store(system, temp.path());
  source.add_to(store);
  std::vector<std::string> missed;
  const Subscription missing = store.when_missed(
      [&missed](const Multihash&, const std::string& path) { missed.push_back(path); });
  source.spoil(0, kLongAgo);
  EXPECT_EQ(co_await got(store, source.hashes[0]), "none");
  EXPECT_EQ(store.stale_blocks(), 1u);
  EXPECT_EQ(missed, std::vector{source.path});
  co_await store.stop();
}
TEST(BlockStore, notices_a_change_that_kept_size_and_mtime) {
  os::in_later_world(time_set_back);
}

Task<void> several(System& system) {
  const TempFolder temp;
  const Source one(system, temp.path("one"), 3);
  const Source other(system, temp.path("other"), 1);
  BlockStore store(system, temp.path());
  one.add_to(store);
  other.add_to(store);
  const Bytes node = pattern(5000, 99);
  store.put(Multihash::sha2_256(node), node);
  one.spoil(0, kLongAgo + 1h);  // which the other has, too
  one.spoil(2, kLongAgo + 1h);
  const auto all = co_await store.get_all(
      {one.hashes[1], Multihash::sha2_256(node), numbered(1), one.hashes[0], one.hashes[2]});
  EXPECT_EQ(text(all.at(0).value().view()), text(one.blocks[1]));
  EXPECT_EQ(text(all.at(1).value().view()), text(node));
  EXPECT_FALSE(all.at(2));
  EXPECT_EQ(text(all.at(3).value().view()), text(other.blocks[0]));
  EXPECT_FALSE(all.at(4));
  EXPECT_EQ(store.stale_blocks(), 2u);
  co_await store.stop();
}
TEST(BlockStore, reads_several_blocks_in_one_go_wherever_they_are) {
  os::in_later_world(several);
}

Task<void> moves(System& system) {
  const TempFolder temp;
  system.storage.make_folder(temp.path("a"));
  system.storage.make_folder(temp.path("ab"));
  const Source inside(system, temp.path("a/x"), 2);
  const Source beside(system, temp.path("ab/x"), 3);
  BlockStore store(system, temp.path());
  inside.add_to(store);
  beside.add_to(store);
  system.storage.rename(temp.path("a"), temp.path("b"), false);
  co_await store.moved(temp.path("a"), temp.path("b"));
  EXPECT_EQ(co_await got(store, inside.hashes[1]), text(inside.blocks[1]));
  EXPECT_EQ(co_await got(store, beside.hashes[2]), text(beside.blocks[2]));
  // Onto a name that is taken: what had it is forgotten.
  system.storage.rename(temp.path("b/x"), temp.path("ab/x"), true);
  co_await store.moved(temp.path("b/x"), temp.path("ab/x"));
  EXPECT_FALSE(store.has(beside.hashes[2]));
  EXPECT_EQ(co_await got(store, inside.hashes[0]), text(inside.blocks[0]));
  EXPECT_EQ(store.stale_blocks(), 0u);
  // Bytes that are no text stay what they are.
  system.storage.make_folder(temp.path("c"));
  const Source odd(system, temp.path("c/\xff\xfe"), 1);
  odd.add_to(store);
  system.storage.rename(temp.path("c"), temp.path("d\xff"), false);
  co_await store.moved(temp.path("c"), temp.path("d\xff"));
  EXPECT_EQ(co_await got(store, odd.hashes[0]), text(odd.blocks[0]));
  store.add_file(temp.path("d\xff/\xff\xfe"),
                 FileStamp::of(*system.storage.info(temp.path("d\xff/\xff\xfe"))));
  EXPECT_TRUE(store.has(odd.hashes[0]));
  co_await store.stop();
}
TEST(BlockStore, follows_files_that_were_moved) {
  os::in_later_world(moves);
}

Task<void> our_writing(System& system) {
  const TempFolder temp;
  const Source source(system, temp.path("data"), 2);
  BlockStore store(system, temp.path());
  const FileId file = source.add_to(store);
  source.spoil(1, kLongAgo + 1h);
  store.restamp(file, source.stamp());
  // Taken at its word: the block is not hashed again.
  EXPECT_NE(co_await got(store, source.hashes[1]), "none");
  EXPECT_EQ(store.stale_blocks(), 0u);
  // Somebody else's writing is not.
  source.spoil(1, kLongAgo + 2h);
  EXPECT_EQ(store.add_file(source.path, source.stamp()), file);
  EXPECT_FALSE(store.has(source.hashes[0]));
  EXPECT_FALSE(store.has(source.hashes[1]));
  co_await store.stop();
}
TEST(BlockStore, keeps_places_when_restamped_and_forgets_them_when_added_with_another_stamp) {
  os::in_later_world(our_writing);
}

Task<void> forgotten(System& system) {
  const TempFolder temp;
  const Source source(system, temp.path("data"), 1);
  BlockStore store(system, temp.path());
  const FileId file = source.add_to(store);
  store.forget_file(file);
  EXPECT_FALSE(store.has(source.hashes[0]));
  store.put_extent(source.hashes[0], file, 0, 1000);
  EXPECT_FALSE(store.has(source.hashes[0]));
  EXPECT_NE(source.add_to(store), file);
  co_await store.stop();
}
TEST(BlockStore, takes_no_places_for_a_forgotten_file) {
  os::in_later_world(forgotten);
}

Task<void> imports(System& system) {
  const TempFolder temp;
  const Source source(system, temp.path("data"), 1);
  BlockStore store(system, temp.path());
  const FileId file = source.add_to(store);
  const Cid root = Cid::v1(Codec::raw, source.hashes[0]);
  store.set_imported(file, "p", {.root = root, .dag_bytes = 7, .blocks = 1});
  const auto found = store.imported(source.path, source.stamp(), "p");
  EXPECT_TRUE(found && found->root == root && found->dag_bytes == 7 && found->blocks == 1);
  EXPECT_FALSE(store.imported(source.path, source.stamp(), "q"));
  EXPECT_FALSE(store.imported(source.path, {.size = 1}, "p"));
  EXPECT_FALSE(store.imported(source.path + "x", source.stamp(), "p"));
  co_await store.stop();
}
TEST(BlockStore, knows_what_was_imported_by_path_stamp_and_profile) {
  os::in_later_world(imports);
}

Task<void> concurrent_gets(System& system) {
  const TempFolder temp;
  BlockStore store(system, temp.path());
  std::vector<Source> sources;
  for (int i = 0; i < 40; ++i) {
    sources.emplace_back(system, temp.path("f" + std::to_string(i)), 5);
    sources.back().add_to(store);
  }
  std::vector<std::string> ends(sources.size() * 5);
  TaskGroup group(system.waits, "test");
  for (std::size_t i = 0; i < ends.size(); ++i) {
    group.spawn(os::note_end(store.get(sources[i / 5].hashes[i % 5]), ends[i]));
  }
  co_await group.join();
  for (const auto& end : ends) EXPECT_EQ(end, "done");
  EXPECT_EQ(store.stale_blocks(), 0u);
  co_await store.stop();
}
TEST(BlockStore, serves_many_at_a_time_from_more_files_than_it_keeps_open) {
  os::in_later_world(concurrent_gets);
}

Task<void> big_file(System& system) {
  const TempFolder temp;
  BlockStore store(system, temp.path());
  const FileId file = store.add_file("/data/film.mkv", {.size = 1 << 30});
  for (std::uint64_t i = 0; i < 1024; ++i) store.put_extent(numbered(i), file, i << 20, 1 << 20);
  const Bytes root = pattern(56'000, 1);
  store.put(Multihash::sha2_256(root), root);
  store.commit();
  EXPECT_LT(store.index_bytes(), 1u << 20);
  co_await store.stop();
  EXPECT_LT(store.index_bytes(), 1u << 20);
}
TEST(BlockStore, takes_less_than_a_mebibyte_for_a_gibibyte) {
  os::in_later_world(big_file);
}

Task<void> many_files(System& system) {
  const TempFolder temp;
  BlockStore store(system, temp.path());
  std::vector<Multihash> hashes;
  for (std::uint64_t i = 0; i < 100'000; ++i) hashes.push_back(numbered(i));
  const TimePoint begun = system.clock.now();
  for (std::uint64_t i = 0; i < hashes.size(); ++i) {
    const FileId file = store.add_file("/data/folder/file-" + std::to_string(i), {.size = i});
    store.put_extent(hashes[i], file, 0, i % 1000);
    if (i % 5000 == 0) co_await offload(system.offload, [] {});
  }
  store.commit();
  co_await offload(system.offload, [] {});
  const auto took = std::chrono::duration<double>(system.clock.now() - begun);
  ::testing::Test::RecordProperty("places_per_second", std::to_string(100'000 / took.count()));
  EXPECT_EQ(store.size(hashes[4567]), 567u);
  EXPECT_LT(store.index_bytes(), (40u << 20) + Database::kMostWalPages * 4096u);
  co_await store.stop();
}
TEST(BlockStore, holds_a_hundred_thousand_files) {
  os::in_later_world(many_files);
}

}  // namespace
}  // namespace shoal::content
