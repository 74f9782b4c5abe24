#include <gtest/gtest.h>

#include "base/error.h"
#include "content/store/block_store.h"
#include "content/store/database.h"
#include "system/sim/world.h"
#include "system/task_group.h"
#include "system/yield.h"

namespace shoal::content {
namespace {

Bytes node_bytes(std::uint64_t number) {
  Bytes out(2000 + number % 3000, static_cast<std::uint8_t>(number));
  const std::string text = std::to_string(number);
  std::ranges::copy(text, out.begin());
  return out;
}

Task<std::size_t> count_right(BlockStore& store, std::uint64_t nodes) {
  std::size_t right = 0;
  for (std::uint64_t i = 0; i < nodes; ++i) {
    const Bytes bytes = node_bytes(i);
    const auto found = co_await store.get(Multihash::sha2_256(bytes));
    if (found && equal(found->view(), bytes)) ++right;
  }
  co_return right;
}

/// Fills a store; the host loses its power at some point, or after the store was closed.
void put_nodes(sim::Host& host, std::uint64_t count, bool close) {
  auto store = std::make_unique<BlockStore>(host.system(), "/home");
  for (std::uint64_t i = 0; i < count; ++i) {
    const Bytes bytes = node_bytes(i);
    store->put(Multihash::sha2_256(bytes), bytes);
  }
  if (close) {
    host.world().run(store->stop());
    store.reset();
  }
  host.crash();
}

TEST(BlockStoreSim, opens_whole_after_any_loss_of_power) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    sim::World world({.seed = seed});
    sim::Host& host = world.add_host();
    put_nodes(host, 20 * seed, false);
    BlockStore store(host.restart(), "/home");
    EXPECT_EQ(store.damaged(), "") << seed;
    EXPECT_EQ(store.stale_blocks(), 0u);
    world.run(count_right(store, 20 * seed));
    EXPECT_EQ(store.stale_blocks(), 0u) << seed;
    world.run(store.stop());
  }
}

TEST(BlockStoreSim, opens_whole_after_a_sync_that_failed_and_a_loss_of_power) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    sim::World world({.seed = seed});
    sim::Host& host = world.add_host();
    BlockStore store(host.system(), "/home");
    world.faults().set("storage.sync", 0.3);
    for (std::uint64_t i = 0; i < 40 * (1 + seed % 20); ++i) {
      const Bytes bytes = node_bytes(i);
      try {
        store.put(Multihash::sha2_256(bytes), bytes);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::io);
      }
      if (i % 50 == 0) world.run_for(1ms);  // for a checkpoint
    }
    world.faults().set("storage.sync", 0);
    host.crash();
    try {
      world.run(store.stop());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::io);
    }
    System& system = host.restart();
    Database database(system, "/home/index.db");
    EXPECT_EQ(database.one("PRAGMA integrity_check"), "ok") << seed;
  }
}

TEST(BlockStoreSim, loses_nothing_to_a_loss_of_power_once_closed) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    sim::World world({.seed = seed});
    sim::Host& host = world.add_host();
    put_nodes(host, 100, true);
    BlockStore store(host.restart(), "/home");
    EXPECT_EQ(world.run(count_right(store, 100)), 100u) << seed;
    world.run(store.stop());
  }
}

TEST(BlockStoreSim, is_not_opened_again_once_it_has_stopped) {
  sim::World world;
  System& system = world.add_host().system();
  auto store = std::make_unique<BlockStore>(system, "/home");
  const Bytes bytes = node_bytes(1);
  store->put(Multihash::sha2_256(bytes), bytes);
  world.run(store->stop());
  const std::string index = "/home/" + std::string(kIndexName);
  ASSERT_TRUE(system.storage.info(index));
  EXPECT_FALSE(system.storage.info(index + kIndexWalSuffix));
  system.storage.remove(index);
  store.reset();
  EXPECT_FALSE(system.storage.info(index));
}

TEST(BlockStoreSim, commits_places_within_a_second) {
  sim::World world;
  sim::Host& host = world.add_host();
  Storage& storage = host.system().storage;
  storage.open("/data", Access::create)->write_at(0, as_bytes("hello"));
  const Multihash hash = Multihash::sha2_256(as_bytes("hello"));
  BlockStore store(host.system(), "/home");
  const std::uint64_t before = store.index_bytes();
  const FileId file = store.add_file("/data", FileStamp::of(*storage.info("/data")));
  store.put_extent(hash, file, 0, 5);
  EXPECT_EQ(store.index_bytes(), before);
  world.run_for(1s);
  EXPECT_GT(store.index_bytes(), before);
  EXPECT_TRUE(world.run(store.get(hash)));
  world.run(store.stop());
}

TEST(BlockStoreSim, says_so_when_the_disk_is_full_and_goes_on_when_it_is_not) {
  sim::World world;
  sim::Host& host = world.add_host();
  BlockStore store(host.system(), "/home");
  const Bytes bytes = node_bytes(1);
  world.faults().set("storage.write", 1);
  EXPECT_THROW(store.put(Multihash::sha2_256(bytes), bytes), Error);
  world.faults().set("storage.write", 0);
  store.put(Multihash::sha2_256(bytes), bytes);
  EXPECT_EQ(world.run(count_right(store, 2)), 1u);
  EXPECT_EQ(store.damaged(), "");
  world.run(store.stop());
}

/// Puts one place and lets the commit behind the caller's back fail at `point`.
void fail_quiet_commit(sim::World& world, BlockStore& store, const Multihash& hash,
                       const std::string& point) {
  Storage& storage = world.host(0).system().storage;
  storage.open("/data", Access::create)->write_at(0, as_bytes("hello"));
  const FileId file = store.add_file("/data", FileStamp::of(*storage.info("/data")));
  store.put_extent(hash, file, 0, 5);
  world.faults().set(point, 1);
  world.run_for(2s);
  world.faults().set(point, 0);
}

TEST(BlockStoreSim, what_a_failed_commit_took_back_is_told_at_the_next) {
  for (const std::string point : {"storage.write", "storage.full", "index.commit"}) {
    sim::World world;
    world.add_host();
    BlockStore store(world.host(0).system(), "/home");
    const Multihash hash = Multihash::sha2_256(as_bytes("hello"));
    fail_quiet_commit(world, store, hash, point);
    const bool held = store.has(hash);
    bool told = false;
    try {
      store.commit();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::io);
      told = true;
    }
    EXPECT_NE(held, told) << point;
    store.commit();
    world.run(store.stop());
  }
}

TEST(BlockStoreSim, a_file_that_cannot_be_read_now_is_not_forgotten) {
  sim::World world;
  sim::Host& host = world.add_host();
  Storage& storage = host.system().storage;
  storage.open("/data", Access::create)->write_at(0, as_bytes("hello"));
  const Multihash hash = Multihash::sha2_256(as_bytes("hello"));
  BlockStore store(host.system(), "/home");
  store.put_extent(hash, store.add_file("/data", FileStamp::of(*storage.info("/data"))), 0, 5);
  for (const std::string point : {"storage.open", "storage.read"}) {
    world.faults().set(point, 1);
    EXPECT_FALSE(world.run(store.get(hash))) << point;
    world.faults().set(point, 0);
    EXPECT_TRUE(world.run(store.get(hash))) << point;
  }
  EXPECT_EQ(store.stale_blocks(), 0u);
  storage.remove("/data");
  world.run_for(1min);
  EXPECT_FALSE(world.run(store.get(hash)));
  EXPECT_FALSE(store.has(hash));
  world.run(store.stop());
}

TEST(BlockStoreSim, a_file_that_moves_while_it_is_read_is_found_where_it_went) {
  sim::World world;
  sim::Host& host = world.add_host({.offload_cost = 100ms});
  Storage& storage = host.system().storage;
  storage.open("/before", Access::create)->write_at(0, as_bytes("hello"));
  const Multihash hash = Multihash::sha2_256(as_bytes("hello"));
  BlockStore store(host.system(), "/home");
  store.put_extent(hash, store.add_file("/before", FileStamp::of(*storage.info("/before"))), 0, 5);
  // The name is gone when it is read, and the index knows while the answer is under way.
  storage.rename("/before", "/after", false);
  TaskGroup moving(world.waits(), "moving");
  world.after(50ms, [&] { moving.spawn(store.moved("/before", "/after")); });
  EXPECT_TRUE(world.run(store.get(hash)));
  world.run(moving.stop());
  EXPECT_EQ(store.stale_blocks(), 0u);
  world.run(store.stop());
}

struct ManyFiles {
  explicit ManyFiles(sim::Host& host)
      : storage(host.system().storage), store(host.system(), "/home") {
    storage.make_folder("/part");
    for (int i = 0; i < kFiles; ++i) {
      const std::string text = std::to_string(i);
      const std::string path = "/part/" + text;
      storage.open(path, Access::create)->write_at(0, as_bytes(text));
      const FileId file = store.add_file(path, FileStamp::of(*storage.info(path)));
      store.put_extent(hash_of(i), file, 0, text.size());
    }
    storage.rename("/part", "/whole", false);
  }
  static Multihash hash_of(int number) {
    return Multihash::sha2_256(as_bytes(std::to_string(number)));
  }
  std::string where(int number) { return store.where(hash_of(number))->front().path; }

  static constexpr int kFiles = 3000;  // more than one step and one commit
  Storage& storage;
  BlockStore store;
};

TEST(BlockStoreSim, moves_many_files_in_turns_and_finds_each_meanwhile) {
  sim::World world;
  ManyFiles files(world.add_host());
  TaskGroup moving(world.waits(), "moving");
  moving.spawn(files.store.moved("/part", "/whole"));
  for (int turn = 0; turn < 5; ++turn) world.run(yield_now(world.waits()));
  EXPECT_EQ(moving.size(), 1u);
  EXPECT_EQ(files.where(0), "/whole/0");
  EXPECT_EQ(files.where(999), "/whole/999");
  EXPECT_TRUE(world.run(files.store.get(ManyFiles::hash_of(999))));
  EXPECT_TRUE(world.run(files.store.get(ManyFiles::hash_of(0))));
  world.run(moving.join());
  for (int i = 0; i < ManyFiles::kFiles; ++i) {
    EXPECT_EQ(files.where(i), "/whole/" + std::to_string(i));
  }
  EXPECT_EQ(files.store.stale_blocks(), 0u);
  EXPECT_EQ(files.store.forget_path("/part"), 0u);
  EXPECT_EQ(files.store.forget_path("/whole"), 3000u);
  world.run(files.store.stop());
}

TEST(BlockStoreSim, ends_a_move_at_once_when_it_is_cancelled) {
  sim::World world;
  ManyFiles files(world.add_host());
  TaskGroup moving(world.waits(), "moving");
  moving.spawn(files.store.moved("/part", "/whole"));
  world.run(yield_now(world.waits()));
  world.run(moving.stop());
  EXPECT_EQ(files.store.forget_path("/whole"), 3000u);
  world.run(files.store.stop());
}

TEST(BlockStoreSim, ends_a_move_at_once_for_who_forgets_what_it_moves) {
  sim::World world;
  ManyFiles files(world.add_host());
  TaskGroup moving(world.waits(), "moving");
  moving.spawn(files.store.moved("/part", "/whole"));
  world.run(yield_now(world.waits()));
  EXPECT_EQ(files.store.forget_path("/whole"), 3000u);
  world.run(moving.join());
  EXPECT_FALSE(files.store.has(ManyFiles::hash_of(999)));
  world.run(files.store.stop());
}

TEST(BlockStoreSim, a_move_cut_short_leaves_each_file_found_or_dropped) {
  for (std::size_t turns = 1; turns < 60; turns += 7) {
    sim::World world({.seed = turns});
    sim::Host& host = world.add_host();
    {
      ManyFiles files(host);
      files.store.commit();
      files.storage.sync_all();
      TaskGroup moving(world.waits(), "moving");
      moving.spawn(files.store.moved("/part", "/whole"));
      for (std::size_t turn = 0; turn < turns; ++turn) world.run(yield_now(world.waits()));
      host.crash();
      world.run(moving.stop());
      try {
        world.run(files.store.stop());
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::io);
      }
    }
    BlockStore store(host.restart(), "/home");
    EXPECT_EQ(store.damaged(), "");
    for (int i = 0; i < ManyFiles::kFiles; i += 97) {
      const bool found = world.run(store.get(ManyFiles::hash_of(i))).has_value();
      EXPECT_EQ(store.has(ManyFiles::hash_of(i)), found);
    }
    world.run(store.stop());
  }
}

/// A block of a file that was changed behind the back of the file system.
struct RottenFile {
  explicit RottenFile(sim::Host& host) : store(host.system(), "/home") {
    Storage& storage = host.system().storage;
    storage.open("/data", Access::create)->write_at(0, as_bytes("hello"));
    host.world().run_for(1h);
    const FileId file = store.add_file("/data", FileStamp::of(*storage.info("/data")));
    store.put_extent(hash, file, 0, 5);
    host.disk().rot("/data", 0);
    missing = store.when_missed(
        [this](const Multihash&, const std::string& path) { missed.push_back(path); });
  }
  const Multihash hash = Multihash::sha2_256(as_bytes("hello"));
  BlockStore store;
  std::vector<std::string> missed;
  Subscription missing;
};

TEST(BlockStoreSim, hashes_what_it_is_asked_to_whatever_the_file_looks_like) {
  sim::World world;
  RottenFile file(world.add_host());
  EXPECT_TRUE(world.run(file.store.get(file.hash)));
  EXPECT_FALSE(world.run(file.store.get_hashed(file.hash)));
  EXPECT_EQ(file.store.stale_blocks(), 1u);
  EXPECT_EQ(file.missed, std::vector<std::string>{"/data"});
  world.run(file.store.stop());
}

TEST(BlockStoreSim, hashes_at_every_reading_where_times_are_not_stable) {
  for (const bool several : {false, true}) {
    sim::World world;
    sim::Host& host = world.add_host();
    host.disk().set_stable_times(false);
    RottenFile file(host);
    if (several) {
      EXPECT_FALSE(world.run(file.store.get_all({file.hash})).front());
    } else {
      EXPECT_FALSE(world.run(file.store.get(file.hash)));
    }
    EXPECT_EQ(file.missed, std::vector<std::string>{"/data"});
    world.run(file.store.stop());
  }
}

TEST(BlockStoreSim, trusts_a_file_that_this_program_renamed) {
  for (const bool by_us : {true, false}) {
    sim::World world;
    sim::Host& host = world.add_host();
    RottenFile file(host);
    Storage& storage = host.system().storage;
    const FileInfo before = *storage.info("/data");
    storage.rename("/data", "/new", false);
    world.run(file.store.moved("/data", "/new"));
    if (by_us) file.store.restamp_renamed("/new", before, *storage.info("/new"));
    world.run_for(1h);
    // Only hashing would tell that it has rotted.
    EXPECT_EQ(world.run(file.store.get(file.hash)).has_value(), by_us);
    world.run(file.store.stop());
  }
}

TEST(BlockStoreSim, a_disk_that_cannot_be_read_at_the_start_damages_no_index) {
  sim::World world;
  sim::Host& host = world.add_host();
  put_nodes(host, 100, true);
  host.restart();
  for (int i = 0; i < 40; ++i) {
    world.faults().set("storage.read", 0.1);
    try {
      BlockStore store(host.system(), "/home");
      world.faults().set("storage.read", 0);
      EXPECT_EQ(store.damaged(), "");
      world.run(store.stop());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::io);
    }
    world.faults().set("storage.read", 0);
  }
  BlockStore store(host.system(), "/home");
  EXPECT_EQ(world.run(count_right(store, 100)), 100u);
  world.run(store.stop());
}

}  // namespace
}  // namespace shoal::content
