#include "system/os/storage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "system/os/beneath.h"
#include "system/os/file_error.h"
#include "system/os/test_world.h"

namespace shoal::os {
namespace {

class HostStorageTest : public ::testing::Test {
 protected:
  TempFolder temp;
  HostStorage storage;

  void put(std::string_view name, std::string_view text) {
    storage.open(temp.path(name), Access::create)->write_at(0, as_bytes(text));
  }
  std::string get(std::string_view name) {
    Bytes room(1000);
    room.resize(storage.open(temp.path(name), Access::read)->read_at(0, room));
    return std::string(as_text(room));
  }
  template <class Call>
  static std::string code_of(Call call) {
    try {
      call();
    } catch (const Error& error) {
      EXPECT_FALSE(error.message().empty());
      EXPECT_FALSE(error.subject().empty());
      return std::string(to_string(error.code()));
    }
    return "ok";
  }
};

using ConfinedFolder = HostStorageTest;

TEST_F(HostStorageTest, writes_gathered_pieces_beyond_one_call_and_reads_them_back) {
  const auto file = storage.open(temp.path("f"), Access::create_new);
  Bytes all(1 << 20);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i * 7 >> 5);
  std::vector<ByteView> pieces;
  for (std::size_t at = 0; at < all.size(); at += 4096) {
    pieces.push_back(ByteView(all).subspan(at, 4096));
    pieces.emplace_back();
  }
  file->write_at(10, pieces);
  file->forget_cached();
  file->sync();
  file->forget_cached();
  Bytes back(all.size() + 100);
  EXPECT_EQ(file->read_at(10, back), all.size());
  EXPECT_TRUE(equal(ByteView(back).first(all.size()), all));
  EXPECT_EQ(file->info().size, all.size() + 10);
}

TEST_F(HostStorageTest, open_keeps_to_what_access_says) {
  EXPECT_EQ(code_of([&] { storage.open(temp.path("f"), Access::read); }), "io");
  EXPECT_EQ(code_of([&] { storage.open(temp.path("f"), Access::write); }), "io");
  EXPECT_EQ(code_of([&] { storage.open(temp.path("f"), Access::create_new); }), "ok");
  EXPECT_EQ(code_of([&] { storage.open(temp.path("f"), Access::create_new); }), "exists");
  EXPECT_EQ(code_of([&] { storage.open(temp.path("f"), Access::create); }), "ok");
}

TEST_F(HostStorageTest, refuses_what_is_no_regular_file_without_blocking) {
  ASSERT_EQ(::mkfifo(temp.path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(code_of([&] { storage.open(temp.path("fifo"), Access::read); }), "io");
  EXPECT_EQ(code_of([&] { storage.open(temp.path("fifo"), Access::create); }), "io");
  EXPECT_EQ(code_of([&] { storage.open("/dev/null", Access::read); }), "io");
  EXPECT_EQ(code_of([&] { storage.open(temp.path(), Access::read); }), "io");
}

TEST_F(HostStorageTest, K8_says_that_the_disk_is_full_and_what_to_do) {
  const Error full = file_error(ENOSPC, "/somewhere/f");
  EXPECT_EQ(full.code(), ErrorCode::io);
  EXPECT_EQ(full.subject(), "/somewhere/f");
  EXPECT_EQ(full.message(), "no space left on the disk");
  EXPECT_NE(full.hint(), "");
}

TEST_F(HostStorageTest, K6_refuses_names_with_a_zero_byte) {
  EXPECT_EQ(code_of([&] { storage.open(std::string_view("/tmp\0x", 6), Access::read); }), "io");
}

TEST_F(HostStorageTest, finds_the_data_between_holes) {
  const auto file = storage.open(temp.path("f"), Access::create);
  file->truncate(4 << 20);
  file->write_at(2 << 20, as_bytes("x"));
  const auto data = file->next_data(0);
  ASSERT_TRUE(data);
  EXPECT_LE(*data, 2u << 20);
  EXPECT_FALSE(file->next_data(4 << 20));
}

TEST_F(HostStorageTest, tells_whether_times_are_stable) {
  std::ofstream(temp.path("f")) << "x";
  EXPECT_TRUE(storage.info(temp.path("f"))->stable_times) << "unless this is a network's disk";
  EXPECT_TRUE(storage.open(temp.path("f"), Access::read)->info().stable_times);
  EXPECT_FALSE(storage.info("/proc/version")->stable_times);
  EXPECT_FALSE(storage.open("/proc/version", Access::read)->info().stable_times);
}

TEST_F(HostStorageTest, tells_ctime_which_no_setting_of_mtime_hides) {
  std::ofstream(temp.path("f")) << "x";
  storage.set_mtime(temp.path("f"), WallTime(5s));
  const FileInfo before = *storage.info(temp.path("f"));
  EXPECT_GT(before.ctime, WallTime(5s));
  do {  // until the kernel's clock has moved on
    std::ofstream(temp.path("f")) << "y";
    storage.set_mtime(temp.path("f"), WallTime(5s));
  } while (storage.info(temp.path("f"))->ctime == before.ctime);
  const FileInfo after = *storage.info(temp.path("f"));
  EXPECT_EQ(after.mtime, before.mtime);
  EXPECT_EQ(after.size, before.size);
}

TEST_F(HostStorageTest, keeps_mode_and_mtime) {
  put("f", "x");
  const WallTime before_epoch(-1500ms);
  storage.set_mtime(temp.path("f"), before_epoch);
  storage.set_mode(temp.path("f"), 0751);
  const auto info = storage.info(temp.path("f"));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->mtime, before_epoch);
  EXPECT_EQ(info->mode, 0751u);
  storage.open(temp.path("f"), Access::write)->set_mtime(WallTime(5ns));
  EXPECT_EQ(storage.info(temp.path("f"))->mtime, WallTime(5ns));
}

TEST_F(HostStorageTest, lists_in_order_of_the_names_bytes) {
  for (const char* name : {"b", "\xc3\xa4", "a", "B"}) put(name, "x");
  storage.make_folder(temp.path("c"));
  storage.make_link("a", temp.path("d"));
  std::string names;
  for (const auto& entry : storage.list(temp.path())) names += entry.name + " ";
  EXPECT_EQ(names, "B a b c d \xc3\xa4 ");
  EXPECT_EQ(storage.list(temp.path())[3].kind, FileKind::folder);
  EXPECT_EQ(storage.list(temp.path())[4].kind, FileKind::symlink);
}

TEST_F(HostStorageTest, renames_with_and_without_replacing) {
  put("a", "1");
  put("b", "2");
  EXPECT_EQ(code_of([&] { storage.rename(temp.path("a"), temp.path("b"), false); }), "exists");
  storage.rename(temp.path("a"), temp.path("b"), true);
  EXPECT_EQ(get("b"), "1");
  storage.rename(temp.path("b"), temp.path("c"), false);
  EXPECT_EQ(get("c"), "1");
  EXPECT_EQ(code_of([&] { storage.rename(temp.path("no"), temp.path("b"), true); }), "io");
}

TEST_F(HostStorageTest, K4_removes_a_tree_without_following_links_out_of_it) {
  put("kept", "x");
  storage.make_folder(temp.path("t"));
  std::string deep = temp.path("t");
  for (int i = 0; i < 50; ++i) storage.make_folder(deep += "/d");
  storage.open(deep + "/f", Access::create);
  storage.make_link(temp.path(), temp.path("t/link"));
  storage.remove_tree(temp.path("t"));
  EXPECT_FALSE(storage.info(temp.path("t")));
  EXPECT_EQ(get("kept"), "x");
  storage.remove_tree(temp.path("t"));
  storage.remove(temp.path("t"));
}

TEST_F(HostStorageTest, exchanges_what_two_names_stand_for) {
  storage.make_folder(temp.path("t"));
  put("t/f", "in a folder");
  put("f", "a file");
  if (!storage.exchange(temp.path("t"), temp.path("f"))) GTEST_SKIP() << "not on this disk";
  EXPECT_EQ(get("t"), "a file");
  EXPECT_EQ(get("f/f"), "in a folder");
  EXPECT_EQ(code_of([&] { storage.exchange(temp.path("t"), temp.path("none")); }), "io");
  EXPECT_EQ(get("t"), "a file");
}

TEST_F(HostStorageTest, tells_where_something_is_mounted) {
  storage.make_folder(temp.path("t"));
  EXPECT_TRUE(storage.is_mount_point("/proc"));
  EXPECT_FALSE(storage.is_mount_point("/proc/self"));
  EXPECT_FALSE(storage.is_mount_point(temp.path("t")));
  EXPECT_FALSE(storage.is_mount_point(temp.path("none")));
}

TEST_F(HostStorageTest, keeps_an_attribute_with_a_folder) {
  storage.make_folder(temp.path("t"));
  EXPECT_FALSE(storage.attribute(temp.path("t"), "shoal.test"));
  EXPECT_FALSE(storage.attribute(temp.path("none"), "shoal.test"));
  if (!storage.set_attribute(temp.path("t"), "shoal.test", "x")) GTEST_SKIP() << "not on this disk";
  storage.rename(temp.path("t"), temp.path("moved"), false);
  EXPECT_EQ(storage.attribute(temp.path("moved"), "shoal.test"), "x");
}

TEST_F(HostStorageTest, a_name_that_the_file_system_refuses_is_unsupported) {
  const std::string name = temp.path(std::string(256, 'n'));
  EXPECT_EQ(code_of([&] { storage.open(name, Access::create); }), "unsupported");
  EXPECT_EQ(code_of([&] { storage.make_folder(name); }), "unsupported");
  EXPECT_EQ(code_of([&] { storage.make_link("x", name); }), "unsupported");
  EXPECT_FALSE(storage.info(name));
  const auto file = storage.open(temp.path("f"), Access::create);
  EXPECT_EQ(code_of([&] { file->truncate(std::uint64_t{1} << 62); }), "unsupported");
}

TEST_F(HostStorageTest, tells_the_umask) {
  const mode_t before = ::umask(027);
  EXPECT_EQ(storage.umask(), 027u);
  ::umask(before);
}

TEST_F(HostStorageTest, remove_keeps_a_folder_that_holds_something) {
  storage.make_folder(temp.path("t"));
  put("t/f", "x");
  EXPECT_EQ(code_of([&] { storage.remove(temp.path("t")); }), "exists");
  EXPECT_EQ(get("t/f"), "x");
}

TEST_F(HostStorageTest, says_who_holds_a_lock_without_taking_it) {
  EXPECT_FALSE(storage.lock_holder(temp.path("lock")));
  EXPECT_FALSE(storage.info(temp.path("lock"))) << "asking made it";
  auto held = storage.lock(temp.path("lock"));
  const auto holder = storage.lock_holder(temp.path("lock"));
  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->process, std::to_string(::getpid()));
  EXPECT_NE(holder->command.find("_tests"), std::string::npos) << holder->command;
  held.reset();
  EXPECT_FALSE(storage.lock_holder(temp.path("lock")));
}

TEST_F(HostStorageTest, the_second_lock_says_who_holds_the_first) {
  auto first = storage.lock(temp.path("lock"));
  try {
    storage.lock(temp.path("lock"));
    ADD_FAILURE() << "locked twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::locked);
    EXPECT_EQ(error.message(), "in use by process " + std::to_string(::getpid()));
  }
  first.reset();
  EXPECT_TRUE(storage.lock(temp.path("lock")));
}

TEST_F(HostStorageTest, absolute_resolves_links_as_far_as_the_path_exists) {
  storage.make_folder(temp.path("t"));
  storage.make_link("t", temp.path("l"));
  const std::string real = storage.absolute(temp.path());
  EXPECT_EQ(storage.absolute(temp.path("l/no/such")), real + "/t/no/such");
  EXPECT_EQ(storage.absolute(temp.path("t/")), real + "/t");
}

TEST_F(ConfinedFolder, K1_refuses_paths_that_lead_out) {
  put("secret", "x");
  storage.make_folder(temp.path("in"));
  const auto folder = storage.confined(temp.path("in"));
  for (const std::string& path : {std::string("../secret"), std::string(".."),
                                  std::string("a/../b"), temp.path("secret"), std::string("/")}) {
    EXPECT_EQ(code_of([&] { folder->open(path, Access::read); }), "io") << path;
    EXPECT_EQ(code_of([&] { folder->info(path); }), "io") << path;
    EXPECT_EQ(code_of([&] { folder->remove(path); }), "io") << path;
    EXPECT_EQ(code_of([&] { folder->make_folder(path); }), "io") << path;
    EXPECT_EQ(code_of([&] { folder->rename("x", path, true); }), "io") << path;
  }
  EXPECT_EQ(get("secret"), "x");
}

TEST_F(ConfinedFolder, K3_follows_no_link_in_the_middle_or_at_the_end) {
  put("secret", "x");
  storage.make_folder(temp.path("in"));
  const auto folder = storage.confined(temp.path("in"));
  folder->make_link("..", "up");
  folder->make_link("../secret", "leaf");
  folder->make_folder("below");
  folder->make_link("below", "down");
  EXPECT_EQ(code_of([&] { folder->open("down/new", Access::create_new); }), "io");
  EXPECT_EQ(code_of([&] { folder->open("up/secret", Access::read); }), "io");
  EXPECT_EQ(code_of([&] { folder->open("up/new", Access::create_new); }), "io");
  EXPECT_EQ(code_of([&] { folder->open("leaf", Access::create); }), "io");
  EXPECT_EQ(code_of([&] { folder->list("up"); }), "io");
  EXPECT_EQ(code_of([&] { folder->remove("up/secret"); }), "io");
  EXPECT_EQ(code_of([&] { folder->remove_tree("up/in"); }), "io");
  EXPECT_EQ(code_of([&] { folder->confined("up"); }), "io");
  EXPECT_EQ(code_of([&] { folder->make_folder("up"); }), "exists");
  folder->set_mtime("leaf", WallTime(5s));
  EXPECT_NE(storage.info(temp.path("secret"))->mtime, WallTime(5s));
  EXPECT_NE(code_of([&] { folder->set_mode("leaf", 0); }), "ok");
  EXPECT_EQ(folder->read_link("leaf"), "../secret");
  folder->remove("leaf");
  EXPECT_EQ(get("secret"), "x");
}

TEST_F(HostStorageTest, syncs_no_names_where_there_is_nothing_to_sync) {
  EXPECT_EQ(code_of([&] { storage.sync_names("/proc"); }), "ok");
}

TEST_F(ConfinedFolder, K4_works_below_itself_after_its_maker_and_its_path_have_gone) {
  storage.make_folder(temp.path("in"));
  auto outer = storage.confined(temp.path("in"));
  outer->make_folder("a");
  const auto folder = outer->confined("a");
  outer.reset();
  storage.rename(temp.path("in"), temp.path("moved"), false);
  folder->open("f", Access::create_new)->write_at(0, as_bytes("x"));
  folder->make_folder("./b//");
  folder->rename("f", "b/g", false);
  folder->sync_names("b");
  folder->sync_all();
  EXPECT_EQ(get("moved/a/b/g"), "x");
  EXPECT_EQ(folder->info("")->kind, FileKind::folder);
  EXPECT_FALSE(folder->info("no/such"));
  EXPECT_EQ(folder->list("b").size(), 1u);
  EXPECT_GT(folder->free_bytes(), 0u);
  folder->remove_tree("b");
  EXPECT_EQ(folder->list("").size(), 0u);
}

TEST_F(ConfinedFolder, K3_opening_by_components_follows_no_link_either) {
  storage.make_folder(temp.path("a"));
  put("a/f", "x");
  storage.make_link("a", temp.path("l"));
  storage.make_link("a/f", temp.path("lf"));
  const Descriptor root(::open(temp.path().c_str(), O_PATH | O_DIRECTORY));
  EXPECT_TRUE(open_by_components(root.get(), "a/f", O_RDONLY));
  EXPECT_TRUE(open_by_components(root.get(), ".", O_RDONLY));
  for (const char* path : {"l/f", "lf"}) {
    EXPECT_FALSE(open_by_components(root.get(), path, O_RDONLY)) << path;
    EXPECT_EQ(errno, ELOOP) << path;
  }
}

}  // namespace
}  // namespace shoal::os
