#include <gtest/gtest.h>

#include "base/error.h"
#include "system/sim/world.h"

namespace shoal::sim {
namespace {

constexpr std::size_t kPage = Content::kPageBytes;

struct Machine {
  explicit Machine(std::uint64_t seed = 1, HostOptions options = {})
      : world({.seed = seed}), host(world.add_host(std::move(options))) {}
  Storage& storage() { return host.system().storage; }
  void write(std::string_view path, std::string_view text) {
    storage().open(path, Access::create)->write_at(0, as_bytes(text));
  }
  std::string read(std::string_view path) {
    const auto file = storage().open(path, Access::read);
    Bytes bytes(file->info().size);
    file->read_at(0, bytes);
    return std::string(as_text(bytes));
  }
  void restart() {
    host.crash();
    host.restart();
  }

  World world;
  Host& host;
};

template <class Function>
ErrorCode code_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

TEST(Storage, reads_back_what_was_written_at_any_offset) {
  Machine machine;
  SeededRandom random(1, 1);
  const auto file = machine.storage().open("data", Access::create);
  Bytes model;
  for (int i = 0; i < 2000; ++i) {
    const std::size_t offset = random.below(3'000'000);
    const Bytes bytes = random.bytes(random.below(20'000));
    if (random.happens(0.05)) {
      file->truncate(offset);
      model.resize(offset);
    } else if (!bytes.empty()) {
      file->write_at(offset, bytes);
      model.resize(std::max(model.size(), offset + bytes.size()));
      std::ranges::copy(bytes, model.begin() + static_cast<std::ptrdiff_t>(offset));
    }
    if (random.happens(0.1)) file->sync();
  }
  ASSERT_EQ(file->info().size, model.size());
  Bytes whole(model.size() + 10);
  EXPECT_EQ(file->read_at(0, whole), model.size());
  whole.resize(model.size());
  EXPECT_TRUE(equal(whole, model));
}

TEST(Storage, gathers_pieces) {
  Machine machine;
  const auto file = machine.storage().open("f", Access::create);
  const std::array<ByteView, 2> pieces = {as_bytes("hello "), as_bytes("world")};
  file->write_at(3, pieces);
  EXPECT_EQ(machine.read("f"), std::string(3, '\0') + "hello world");
}

TEST(Storage, access_says_whether_a_file_may_or_must_be_there) {
  Machine machine;
  Storage& storage = machine.storage();
  EXPECT_EQ(code_of([&] { storage.open("f", Access::read); }), ErrorCode::io);
  EXPECT_EQ(code_of([&] { storage.open("f", Access::write); }), ErrorCode::io);
  storage.open("f", Access::create_new);
  EXPECT_EQ(code_of([&] { storage.open("f", Access::create_new); }), ErrorCode::exists);
  const auto reader = storage.open("f", Access::read);
  EXPECT_EQ(code_of([&] { reader->write_at(0, as_bytes("x")); }), ErrorCode::io);
  storage.make_folder("d");
  EXPECT_EQ(code_of([&] { storage.open("d", Access::read); }), ErrorCode::io);
}

TEST(Storage, holes_read_as_zeros_and_take_no_space) {
  Machine machine;
  const std::uint64_t before = machine.storage().free_bytes();
  const auto file = machine.storage().open("f", Access::create);
  file->write_at(std::uint64_t{1} << 40, as_bytes("x"));
  EXPECT_EQ(before - machine.storage().free_bytes(), kPage);
  EXPECT_EQ(file->next_data(0), std::uint64_t{1} << 40);
  EXPECT_EQ(file->next_data((std::uint64_t{1} << 40) + kPage), std::nullopt);
  Bytes bytes(10, 9);
  EXPECT_EQ(file->read_at(1000, bytes), 10U);
  EXPECT_EQ(bytes, Bytes(10, 0));
  machine.storage().remove("f");
  EXPECT_EQ(before, machine.storage().free_bytes());
}

TEST(Storage, a_full_disk_says_so_and_takes_more_after_a_removal) {
  Machine machine(1, {.disk_bytes = 10 * kPage});
  machine.write("a", std::string(8 * kPage, 'a'));
  EXPECT_EQ(code_of([&] { machine.write("b", std::string(3 * kPage, 'b')); }), ErrorCode::io);
  machine.write("a", std::string(8 * kPage, 'c'));  // in place
  machine.storage().remove("a");
  machine.write("b", std::string(3 * kPage, 'b'));
}

TEST(Storage, names_can_be_made_listed_renamed_and_removed) {
  Machine machine;
  Storage& storage = machine.storage();
  storage.make_folder("d");
  storage.make_folder("d");
  machine.write("d/b", "1");
  machine.write("d/a", "2");
  storage.make_link("a", "d/link");
  const auto entries = storage.list("d");
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_EQ(entries[2].kind, FileKind::symlink);
  EXPECT_EQ(storage.read_link("d/link"), "a");
  EXPECT_EQ(machine.read("d/link"), "2");
  EXPECT_EQ(storage.info("d/link")->kind, FileKind::symlink);
  EXPECT_EQ(code_of([&] { storage.rename("d/a", "d/b", false); }), ErrorCode::exists);
  storage.rename("d/a", "d/b", true);
  EXPECT_EQ(machine.read("d/b"), "2");
  EXPECT_EQ(storage.info("d/a"), std::nullopt);
  EXPECT_EQ(code_of([&] { storage.remove("d"); }), ErrorCode::exists);
  EXPECT_EQ(code_of([&] { storage.rename("d", "d/e", true); }), ErrorCode::io);
  storage.remove_tree("d");
  storage.remove_tree("d");
  storage.remove("d");
  EXPECT_TRUE(storage.list("").empty());
}

TEST(Storage, exchanges_names_in_one_step_or_not_at_all) {
  int exchanged = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Machine machine(seed);
    machine.write("a", "1");
    machine.write("b", "2");
    machine.storage().sync_all();
    ASSERT_TRUE(machine.storage().exchange("a", "b"));
    EXPECT_EQ(machine.read("a") + machine.read("b"), "21");
    machine.restart();
    const std::string after = machine.read("a") + machine.read("b");
    EXPECT_TRUE(after == "12" || after == "21") << after;
    exchanged += after == "21";
  }
  EXPECT_GT(exchanged, 0);
  EXPECT_LT(exchanged, 40);
  Machine machine;
  machine.write("a", "1");
  EXPECT_EQ(code_of([&] { machine.storage().exchange("a", "none"); }), ErrorCode::io);
  machine.write("b", "2");
  machine.host.disk().set_rules({.has_exchange = false});
  EXPECT_FALSE(machine.storage().exchange("a", "b"));
}

TEST(Storage, a_disk_with_rules_refuses_what_they_say) {
  Machine machine;
  machine.host.disk().set_rules(
      {.has_symlinks = false, .folds_case = true, .refused_characters = ":", .largest_file = 10});
  Storage& storage = machine.storage();
  EXPECT_EQ(code_of([&] { storage.make_link("x", "l"); }), ErrorCode::unsupported);
  EXPECT_EQ(code_of([&] { storage.make_folder("a:"); }), ErrorCode::unsupported);
  EXPECT_EQ(code_of([&] { storage.open("a:", Access::create); }), ErrorCode::unsupported);
  machine.write("Name", "x");
  EXPECT_EQ(machine.read("nAME"), "x");
  EXPECT_EQ(code_of([&] { storage.open("name", Access::create_new); }), ErrorCode::exists);
  EXPECT_EQ(storage.list("")[0].name, "Name");
  const auto file = storage.open("Name", Access::write);
  EXPECT_EQ(code_of([&] { file->truncate(11); }), ErrorCode::unsupported);
}

TEST(Storage, removing_a_tree_leaves_what_it_may_not_touch) {
  Machine machine;
  Storage& storage = machine.storage();
  for (const char* folder : {"t", "t/a", "t/b", "t/c"}) storage.make_folder(folder);
  for (const char* file : {"t/a/f", "t/b/f", "t/c/f"}) machine.write(file, "x");
  storage.set_mode("t/a", 0);
  machine.host.disk().mount_at("t/b");
  EXPECT_TRUE(storage.is_mount_point("t/b"));
  EXPECT_EQ(code_of([&] { storage.remove_tree("t"); }), ErrorCode::io);
  EXPECT_EQ(machine.read("t/a/f") + machine.read("t/b/f"), "xx");
  EXPECT_FALSE(storage.info("t/c"));
}

TEST(Storage, modes_and_times_are_kept) {
  Machine machine;
  Storage& storage = machine.storage();
  machine.write("f", "x");
  const WallTime time{std::chrono::hours(5)};
  storage.set_mtime("f", time);
  storage.set_mode("f", 0444);
  EXPECT_EQ(storage.info("f")->mtime, time);
  EXPECT_EQ(storage.info("f")->mode, 0444U);
  EXPECT_EQ(code_of([&] { storage.open("f", Access::write); }), ErrorCode::io);
}

TEST(Storage, absolute_resolves_links_as_far_as_the_path_exists) {
  Machine machine;
  Storage& storage = machine.storage();
  storage.make_folder("real");
  storage.make_link("/real", "link");
  EXPECT_EQ(storage.absolute("link/../real/./x"), "/real/x");
  EXPECT_EQ(storage.absolute("link/no/such"), "/real/no/such");
  EXPECT_EQ(storage.absolute(""), "/");
  storage.make_link("loop", "loop");
  EXPECT_EQ(code_of([&] { storage.open("loop", Access::read); }), ErrorCode::io);
}

TEST(Storage, a_confined_folder_never_leaves_itself) {
  Machine machine;
  Storage& storage = machine.storage();
  machine.write("secret", "s");
  storage.make_folder("box");
  storage.make_folder("box/in");
  storage.make_link("../secret", "box/link");
  storage.make_link("in", "box/inner");
  const auto box = storage.confined("box");
  box->open("in/file", Access::create)->write_at(0, as_bytes("x"));
  EXPECT_EQ(machine.read("box/in/file"), "x");
  EXPECT_EQ(box->info("link")->kind, FileKind::symlink);
  for (const char* path : {"../secret", "in/../../secret", "/secret", "link", "inner/file"}) {
    EXPECT_EQ(code_of([&] { box->open(path, Access::read); }), ErrorCode::io) << path;
    EXPECT_EQ(code_of([&] { box->open(path, Access::create); }), ErrorCode::io) << path;
  }
  EXPECT_EQ(code_of([&] { box->rename("in/file", "../out", true); }), ErrorCode::io);
}

TEST(Storage, a_lock_is_held_once_and_freed_by_a_crash) {
  Machine machine;
  EXPECT_FALSE(machine.storage().lock_holder("lock"));
  auto lock = machine.storage().lock("lock");
  EXPECT_TRUE(machine.storage().lock_holder("lock"));
  EXPECT_EQ(code_of([&] { machine.storage().lock("lock"); }), ErrorCode::locked);
  lock.reset();
  EXPECT_FALSE(machine.storage().lock_holder("lock"));
  lock = machine.storage().lock("lock");
  machine.restart();
  auto next = machine.storage().lock("lock");
  lock.reset();  // of the former life: frees nothing
  EXPECT_EQ(code_of([&] { machine.storage().lock("lock"); }), ErrorCode::locked);
}

TEST(Storage, what_was_synced_survives_a_crash) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Machine machine(seed);
    const auto file = machine.storage().open("f", Access::create);
    file->write_at(0, as_bytes(std::string(3 * kPage, 'a')));
    file->sync();
    machine.storage().sync_names("");
    machine.restart();
    EXPECT_EQ(machine.read("f"), std::string(3 * kPage, 'a'));
  }
}

TEST(Storage, sync_all_makes_content_and_names_survive) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Machine machine(seed);
    machine.storage().make_folder("d");
    machine.write("d/f", std::string(3 * kPage, 'a'));
    machine.write("g", "b");
    machine.storage().sync_all();
    machine.restart();
    EXPECT_EQ(machine.read("d/f"), std::string(3 * kPage, 'a'));
    EXPECT_EQ(machine.read("g"), "b");
  }
}

TEST(Storage, what_was_not_synced_is_torn_at_pages) {
  bool lost = false, kept = false, torn = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Machine machine(seed);
    const auto file = machine.storage().open("f", Access::create);
    file->write_at(0, as_bytes(std::string(4 * kPage, 'a')));
    file->sync();
    machine.storage().sync_names("");
    file->write_at(0, as_bytes(std::string(4 * kPage, 'b')));
    machine.restart();
    const std::string now = machine.read("f");
    ASSERT_EQ(now.size(), 4 * kPage);
    for (std::size_t i = 0; i < 4; ++i) {
      const std::string page = now.substr(i * kPage, kPage);
      EXPECT_EQ(page, std::string(kPage, page[0]));
    }
    lost = lost || now.find('b') == std::string::npos;
    kept = kept || now.find('a') == std::string::npos;
    torn = torn || (now.find('a') != std::string::npos && now.find('b') != std::string::npos);
  }
  EXPECT_TRUE(lost && kept && torn);
}

/// A file of four pages of 'a' on the disk and of 'b' on their way there when a sync fails.
std::unique_ptr<File> after_failed_sync(Machine& machine) {
  auto file = machine.storage().open("f", Access::create);
  file->write_at(0, as_bytes(std::string(4 * kPage, 'a')));
  file->sync();
  machine.storage().sync_names("");
  file->write_at(0, as_bytes(std::string(4 * kPage, 'b')));
  machine.world.faults().set("storage.sync", 1);
  EXPECT_EQ(code_of([&] { file->sync(); }), ErrorCode::io);
  machine.world.faults().set("storage.sync", 0);
  return file;
}

TEST(Storage, what_a_failed_sync_lost_reads_as_written_until_a_crash) {
  bool lost = false, kept = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Machine machine(seed);
    const auto file = after_failed_sync(machine);
    file->sync();
    machine.storage().sync_all();
    EXPECT_EQ(machine.read("f"), std::string(4 * kPage, 'b'));
    machine.restart();
    lost = lost || machine.read("f").find('a') != std::string::npos;
    kept = kept || machine.read("f").find('b') != std::string::npos;
  }
  EXPECT_TRUE(lost && kept);
}

TEST(Storage, what_a_failed_sync_lost_is_seen_once_memory_forgets_and_can_be_written_again) {
  bool lost = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Machine machine(seed);
    const auto file = after_failed_sync(machine);
    file->forget_cached();
    lost = lost || machine.read("f").find('a') != std::string::npos;
    file->write_at(0, as_bytes(std::string(4 * kPage, 'b')));
    file->sync();
    machine.restart();
    EXPECT_EQ(machine.read("f"), std::string(4 * kPage, 'b'));
  }
  EXPECT_TRUE(lost);
}

TEST(Storage, a_file_that_was_cut_or_grew_unsynced_has_one_of_its_sizes) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Machine machine(seed);
    const auto file = machine.storage().open("f", Access::create);
    file->write_at(0, as_bytes(std::string(5000, 'a')));
    file->sync();
    machine.storage().sync_names("");
    file->truncate(100);
    machine.restart();
    const std::string now = machine.read("f");
    EXPECT_TRUE(now.size() == 100 || now.size() == 5000);
    EXPECT_EQ(now.substr(0, 100), std::string(100, 'a'));
  }
}

TEST(Storage, names_that_were_not_synced_may_be_lost) {
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Machine machine(seed);
    machine.storage().open("f", Access::create)->sync();
    machine.restart();
    if (!machine.storage().info("f")) ++lost;
  }
  EXPECT_GE(lost, 10);
  EXPECT_LE(lost, 40);
}

TEST(Storage, a_rename_over_a_file_leaves_the_old_or_the_new) {
  int renamed = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Machine machine(seed);
    machine.write("f", "old");
    machine.storage().open("f", Access::write)->sync();
    machine.storage().sync_names("");
    const auto file = machine.storage().open("f.new", Access::create);
    file->write_at(0, as_bytes("new"));
    file->sync();
    machine.storage().rename("f.new", "f", true);
    machine.restart();
    const std::string now = machine.read("f");
    EXPECT_TRUE(now == "old" || now == "new") << now;
    if (now == "new") ++renamed;
  }
  EXPECT_GE(renamed, 5);
  EXPECT_LE(renamed, 40);
}

TEST(Storage, a_rename_before_the_sync_of_its_file_may_leave_it_empty) {
  bool empty = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Machine machine(seed);
    machine.write("f.new", "new");
    machine.storage().rename("f.new", "f", true);
    machine.storage().sync_names("");
    machine.restart();
    empty = empty || machine.read("f") != "new";
  }
  EXPECT_TRUE(empty);
}

TEST(Storage, the_space_of_what_a_crash_took_is_free_again) {
  Machine machine(3, {.disk_bytes = 100 * kPage});
  for (int i = 0; i < 20; ++i) {
    machine.write("f", std::string(80 * kPage, 'x'));
    machine.restart();
    machine.storage().remove("f");
    EXPECT_EQ(machine.storage().free_bytes(), 100 * kPage);
  }
}

TEST(Storage, the_former_life_of_a_host_has_no_effect) {
  Machine machine;
  Storage& old = machine.storage();
  const auto file = old.open("f", Access::create);
  file->write_at(0, as_bytes("x"));
  file->sync();
  old.sync_names("");
  machine.restart();
  EXPECT_EQ(code_of([&] { file->write_at(0, as_bytes("y")); }), ErrorCode::io);
  EXPECT_EQ(code_of([&] { file->sync(); }), ErrorCode::io);
  EXPECT_EQ(code_of([&] { old.open("f", Access::read); }), ErrorCode::io);
  EXPECT_EQ(code_of([&] { old.remove("f"); }), ErrorCode::io);
  EXPECT_EQ(machine.read("f"), "x");
}

TEST(Storage, fault_points_strike) {
  Machine machine;
  const auto file = machine.storage().open("f", Access::create);
  machine.world.faults().set("storage.write", 1);
  EXPECT_EQ(code_of([&] { file->write_at(0, as_bytes("x")); }), ErrorCode::io);
  machine.world.faults().set("storage.write", 0);
  file->write_at(0, as_bytes("x"));
  machine.world.faults().set("storage.sync", 1);
  EXPECT_EQ(code_of([&] { file->sync(); }), ErrorCode::io);
}

TEST(Storage, hosts_share_content_until_one_writes) {
  World world;
  const Content content = Content::of(Bytes(1 << 20, 'a'));
  Host& a = world.add_host();
  Host& b = world.add_host();
  a.disk().put("/share/f", content);
  b.disk().put("/share/f", content);
  a.system().storage.open("/share/f", Access::write)->write_at(5, as_bytes("X"));
  EXPECT_EQ(a.disk().content("/share/f").page(9), b.disk().content("/share/f").page(9));
  Bytes byte(1);
  b.system().storage.open("/share/f", Access::read)->read_at(5, byte);
  EXPECT_EQ(byte[0], 'a');
}

}  // namespace
}  // namespace shoal::sim
