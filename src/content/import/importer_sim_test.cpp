#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "content/folder_depth.h"
#include "content/import/importer.h"
#include "format/dag_pb.h"
#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal::content {
namespace {

constexpr std::size_t kMiB = 1 << 20;

/// A host that takes a second for each job, so that a test can act between two of them.
struct Scene {
  Scene() : host(world.add_host({.offload_cost = 1s})), storage(host.system().storage) {
    storage.make_folder("/tree");
  }

  void write(const std::string& path, std::size_t size, char byte) {
    const std::string text(size, byte);
    storage.open(path, Access::create)->write_at(0, as_bytes(text));
  }

  sim::World world;
  sim::Host& host;
  Storage& storage;
};

Task<void> note(Task<ImportResult> task, std::string& end) {
  try {
    const ImportResult result = co_await std::move(task);
    end = result.root.to_string();
  } catch (const Error& error) {
    end = error.what();
  } catch (const boost::system::system_error&) {
    end = "cancelled";
  }
}

Task<void> keep(Task<ImportResult> task, std::optional<ImportResult>& result) {
  result = co_await std::move(task);
}

std::string root_of_empty_folder(Scene& scene) {
  scene.storage.make_folder("/empty");
  std::string root;
  Importer importer(scene.host.system(), nullptr, {});
  scene.world.run(note(importer.import({"/empty"}), root));
  return root;
}

/// The first leaf of the file in the folder `root`, or the file itself when it is one.
Cid log_in(Scene& scene, BlockStore& store, const Cid& root) {
  const auto folder = scene.world.run(store.get(root.hash())).value();
  return decode_dag_pb(folder.view()).links.front().cid;
}

TEST(ImporterSim, reads_a_file_again_that_changed_meanwhile_but_not_for_ever) {
  Scene scene;
  scene.write("/tree/big", 20 * kMiB, 'a');
  TaskGroup tasks(scene.world.waits(), "test");
  std::string once, always, after;
  Importer first(scene.host.system(), nullptr, {});
  tasks.spawn(note(first.import({"/tree"}), once));
  scene.world.run_for(4s);
  EXPECT_GT(first.progress().bytes_done, 0u);
  EXPECT_EQ(first.progress().path, "/tree/big");
  scene.write("/tree/big", 1, 'b');
  scene.world.run(tasks.join());
  Importer second(scene.host.system(), nullptr, {});
  tasks.spawn(note(second.import({"/tree"}), after));
  scene.world.run(tasks.join());
  EXPECT_EQ(once, after);
  EXPECT_EQ(first.progress().bytes_done, 20 * kMiB);

  Importer third(scene.host.system(), nullptr, {});
  tasks.spawn(note(third.import({"/tree"}), always));
  while (always.empty()) {
    scene.world.run_for(1s);
    scene.write("/tree/big", 1, 'c');
  }
  EXPECT_EQ(third.progress().bytes_total, 0u);
  EXPECT_EQ(always, root_of_empty_folder(scene));

  Importer only(scene.host.system(), nullptr, {});
  always.clear();
  tasks.spawn(note(only.import({"/tree/big"}), always));
  while (always.empty()) {
    scene.world.run_for(1s);
    scene.write("/tree/big", 1, 'c');
  }
  EXPECT_EQ(always, "/tree/big: changes while it is read");
}

TEST(ImporterSim, takes_a_growing_file_at_the_length_that_it_had) {
  for (const std::size_t size : {std::size_t{100}, 20 * kMiB}) {
    Scene scene;
    scene.write("/tree/log", size, 'a');
    scene.storage.make_folder("/same");
    scene.write("/same/log", size, 'a');
    scene.world.run_for(1h);
    BlockStore store(scene.host.system(), "/home");
    TaskGroup tasks(scene.world.waits(), "test");
    Importer importer(scene.host.system(), &store, {});
    std::optional<ImportResult> result;
    tasks.spawn(keep(importer.import({"/tree"}), result));
    std::uint64_t length = size;
    while (!result) {
      scene.world.run_for(500ms);
      scene.storage.open("/tree/log", Access::write)->write_at(length, as_bytes("more\n"));
      length += 5;
    }
    EXPECT_GE(result->bytes, size);
    EXPECT_LT(result->bytes, size + 100);
    EXPECT_FALSE(result->omissions.any());
    scene.storage.open("/same/log", Access::write)->truncate(0);
    const auto log = scene.storage.open("/tree/log", Access::read);
    Bytes content(result->bytes);
    log->read_at(0, content);
    scene.storage.open("/same/log", Access::write)->write_at(0, content);
    std::string expected;
    Importer other(scene.host.system(), nullptr, {});
    scene.world.run(note(other.import({"/same"}), expected));
    EXPECT_EQ(result->root.to_string(), expected);
    // What others see of it is right, though the file looks different now.
    const Cid file = log_in(scene, store, result->root);
    EXPECT_TRUE(scene.world.run(store.get(file.hash())));
    scene.world.run(store.stop());
  }
}

TEST(ImporterSim, takes_a_file_that_was_written_anew_and_longer_for_no_log) {
  Scene scene;
  scene.write("/tree/big", 20 * kMiB, 'a');
  TaskGroup tasks(scene.world.waits(), "test");
  std::string once, after;
  Importer first(scene.host.system(), nullptr, {});
  tasks.spawn(note(first.import({"/tree"}), once));
  scene.world.run_for(4s);
  scene.write("/tree/big", 21 * kMiB, 'b');
  scene.world.run(tasks.join());
  Importer second(scene.host.system(), nullptr, {});
  scene.world.run(note(second.import({"/tree"}), after));
  EXPECT_EQ(once, after);
}

TEST(ImporterSim, leaves_out_what_vanishes_while_it_is_read) {
  Scene scene;
  scene.write("/tree/big", 20 * kMiB, 'a');
  scene.write("/tree/kept", 1, 'k');
  for (int i = 0; i < 200; ++i) scene.write("/tree/" + std::to_string(i), 100, 'x');
  scene.storage.make_folder("/tree/folder");
  scene.write("/tree/folder/inner", 1, 'i');
  scene.storage.make_link("kept", "/tree/link");
  TaskGroup tasks(scene.world.waits(), "test");
  Importer importer(scene.host.system(), nullptr, {});
  std::optional<ImportResult> result;
  tasks.spawn(keep(importer.import({"/tree"}), result));
  scene.world.run_while_not([&] { return importer.progress().bytes_done > 0; });
  for (int i = 150; i < 200; ++i) scene.storage.remove("/tree/" + std::to_string(i));
  scene.storage.remove("/tree/link");
  scene.world.run(tasks.join());
  ASSERT_TRUE(result);
  EXPECT_GT(result->omissions.vanished.count, 1u);
  EXPECT_EQ(result->omissions.vanished.first.size(), 3u);
  EXPECT_TRUE(result->omissions.unexpected());
  EXPECT_EQ(result->files + result->omissions.vanished.count - 1, 203u);
  EXPECT_EQ(importer.progress().bytes_done, importer.progress().bytes_total);
}

TEST(ImporterSim, leaves_out_a_folder_that_vanishes_while_names_are_read) {
  Scene scene;
  for (int i = 0; i < 20; ++i) {
    const std::string folder = "/tree/" + std::to_string(i);
    scene.storage.make_folder(folder);
    for (int j = 0; j < 100; ++j) scene.write(folder + "/" + std::to_string(j), 1, 'x');
  }
  TaskGroup tasks(scene.world.waits(), "test");
  Importer importer(scene.host.system(), nullptr, {});
  std::optional<ImportResult> result;
  tasks.spawn(keep(importer.import({"/tree"}), result));
  scene.world.run_for(500ms);  // between the first two jobs of the walk
  for (int i = 0; i < 20; ++i) scene.storage.remove_tree("/tree/" + std::to_string(i));
  scene.world.run(tasks.join());
  ASSERT_TRUE(result);
  EXPECT_GT(result->omissions.vanished.count, 1000u);
  EXPECT_EQ(result->files, 0u);
}

TEST(ImporterSim, notices_a_file_that_becomes_shorter) {
  Scene scene;
  scene.write("/tree/big", 20 * kMiB, 'a');
  BlockStore store(scene.host.system(), "/home");
  TaskGroup tasks(scene.world.waits(), "test");
  std::string shortened, after;
  Importer first(scene.host.system(), &store, {});
  tasks.spawn(note(first.import({"/tree"}), shortened));
  scene.world.run_for(4s);
  scene.storage.open("/tree/big", Access::write)->truncate(kMiB / 2);
  scene.world.run(tasks.join());
  Importer second(scene.host.system(), nullptr, {});
  tasks.spawn(note(second.import({"/tree"}), after));
  scene.world.run(tasks.join());
  EXPECT_EQ(shortened, after);
  scene.world.run(store.stop());
}

TEST(ImporterSim, ends_soon_when_cancelled) {
  Scene scene;
  scene.write("/tree/big", 40 * kMiB, 'a');
  TaskGroup tasks(scene.world.waits(), "test");
  std::string end;
  Importer importer(scene.host.system(), nullptr, {});
  tasks.spawn(note(importer.import({"/tree"}), end));
  scene.world.run_for(4s);
  scene.world.run(tasks.stop());
  EXPECT_EQ(end, "cancelled");
  EXPECT_LT(importer.progress().bytes_done, 40 * kMiB);
}

TEST(ImporterSim, names_a_file_that_cannot_be_read_and_what_to_do) {
  Scene scene;
  scene.write("/tree/small", 10, 'a');
  scene.world.faults().set("storage.read", 1);
  Importer importer(scene.host.system(), nullptr, {});
  try {
    scene.world.run(importer.import({"/tree"}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_EQ(error.subject(), "/tree/small");
    EXPECT_NE(error.hint(), "");
  }
}

TEST(ImporterSim, commits_a_tree_at_its_end_and_not_each_node) {
  sim::World world;
  sim::Host& host = world.add_host();
  Storage& storage = host.system().storage;
  storage.make_folder("/tree");
  for (int i = 0; i < 100; ++i) {
    const std::string folder = "/tree/" + std::to_string(i);
    storage.make_folder(folder);
    storage.open(folder + "/file", Access::create)->write_at(0, as_bytes(folder));
  }
  BlockStore store(host.system(), "/home");
  world.faults().set("index.commit", 0);
  world.faults().set("storage.sync", 0);
  const auto asked = [&](const char* point) { return world.faults().points().at(point).asked; };
  const auto commits = asked("index.commit");
  const auto syncs = asked("storage.sync");
  Importer importer(host.system(), &store, {});
  const Cid root = world.run(importer.import({"/tree"})).root;
  EXPECT_LE(asked("index.commit") - commits, 2U);
  EXPECT_LE(asked("storage.sync") - syncs, 4U);
  EXPECT_TRUE(store.has(root.hash()));
  world.run(store.stop());
}

TEST(ImporterSim, lets_others_have_a_turn_between_files_that_have_not_changed) {
  Scene scene;
  for (int i = 0; i < 1000; ++i) scene.write("/tree/" + std::to_string(i), 1, 'x');
  scene.world.run_for(5s);  // until their times can be trusted
  BlockStore store(scene.host.system(), "/home");
  Importer first(scene.host.system(), &store, {});
  scene.world.run(first.import({"/tree"}));
  TaskGroup tasks(scene.world.waits(), "test");
  std::string end;
  Importer again(scene.host.system(), &store, {});
  tasks.spawn(note(again.import({"/tree"}), end));
  std::set<std::uint64_t> seen;  // between two steps
  scene.world.run_while_not([&] {
    seen.insert(again.progress().bytes_done);
    return !end.empty();
  });
  EXPECT_GE(seen.size(), 4u);
  scene.world.run(store.stop());
}

TEST(ImporterSim, trusts_no_file_that_was_written_a_moment_ago) {
  for (const Duration age : {Duration(0), Duration(10ms), Duration(1h)}) {
    Scene scene;
    scene.write("/tree/file", 6, 'a');
    scene.world.run_for(age);
    BlockStore store(scene.host.system(), "/home");
    Importer first(scene.host.system(), &store, {});
    const Cid root = scene.world.run(first.import({"/tree/file"})).root;
    scene.host.disk().rot("/tree/file", 0);  // as writing within the same tick of the clock
    const bool is_old = age == 1h;
    EXPECT_EQ(scene.world.run(store.get(root.hash())).has_value(), is_old) << age.count();
    scene.world.run(store.stop());
  }
}

TEST(ImporterSim, hashes_files_anew_where_times_are_not_stable) {
  Scene scene;
  scene.host.disk().set_stable_times(false);
  scene.write("/tree/file", 6, 'a');
  scene.world.run_for(1h);
  BlockStore store(scene.host.system(), "/home");
  Importer first(scene.host.system(), &store, {});
  const ImportResult before = scene.world.run(first.import({"/tree"}));
  scene.host.disk().rot("/tree/file", 0);
  Importer second(scene.host.system(), &store, {});
  const ImportResult after = scene.world.run(second.import({"/tree"}));
  EXPECT_NE(after.root, before.root);
  EXPECT_EQ(after.bytes_hashed, 6u);
  scene.world.run(store.stop());
}

TEST(ImporterSim, refuses_folders_that_are_nested_more_deeply_than_anybody_gets_them) {
  Scene scene;
  std::string path = "/tree";
  for (std::size_t depth = 1; depth <= kMaxFolderDepth; ++depth) {
    path += "/d";
    scene.storage.make_folder(path);
  }
  const auto end_of_import = [&](std::vector<std::string> paths) {
    std::string end;
    Importer importer(scene.host.system(), nullptr, {});
    scene.world.run(note(importer.import(std::move(paths)), end));
    return end;
  };
  EXPECT_TRUE(end_of_import({"/tree"}).starts_with("bafy")) << end_of_import({"/tree"});
  scene.write("/other", 1, 'x');
  EXPECT_NE(end_of_import({"/tree", "/other"}).find("too deeply"), std::string::npos);
  scene.storage.make_folder(path + "/d");
  EXPECT_NE(end_of_import({"/tree"}).find("too deeply"), std::string::npos);
}

TEST(ImporterSim, gives_the_same_root_and_trace_every_time) {
  std::string roots[2];
  std::uint64_t traces[2] = {};
  for (int run = 0; run < 2; ++run) {
    Scene scene;
    for (std::size_t i = 0; i < 50; ++i) {
      scene.write("/tree/" + std::to_string(i), i * 100'000, 'x');
    }
    Importer importer(scene.host.system(), nullptr, {});
    roots[run] = scene.world.run(importer.import({"/tree"})).root.to_string();
    traces[run] = scene.world.trace_hash();
  }
  EXPECT_EQ(roots[0], roots[1]);
  EXPECT_EQ(traces[0], traces[1]);
}

}  // namespace
}  // namespace shoal::content
