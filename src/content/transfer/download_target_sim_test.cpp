#include <gmock/gmock.h>

#include "content/partial_name.h"
#include "content/transfer/download_testing.h"
#include "content/transfer/partial_tree.h"
#include "system/task_group.h"

namespace shoal::content {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A target that is there already, and one that is to replace it.
class Replacing : public Downloads {
 protected:
  Replacing() {
    storage.make_folder("/out/t");
    storage.make_folder("/out/t/sub");
    write("/out/t/mine", as_bytes("mine"));
    write("/out/t/same", as_bytes("same"));
    write("/out/t/sub/mine too", as_bytes("mine, too"));
  }
  Cid new_tree() {
    return tree.folder({{"big", file_of(1, 3)}, {"same", tree.raw(to_bytes("same"))}});
  }
  bool is_old() {
    return storage.info("/out/t/mine") && storage.info("/out/t/sub/mine too") &&
           !storage.info("/out/t/big");
  }
  bool is_new() {
    return names("/out/t") == std::vector<std::string>{"big", "same"} &&
           read("/out/t/big") == content_of(1, 3);
  }
  std::unique_ptr<Download> download(const Cid& cid, bool replace = true) {
    return std::make_unique<Download>(
        host.system(), *store, bitswap, session, cid,
        Download::Place{.folder = "/out", .name = "t", .replace = replace});
  }
  std::optional<Error> failure_of(Download& work) { return world.run(error_of(work.run())); }
};

// --- what is lost ---------------------------------------------------------------------------

TEST_F(Replacing, tells_what_it_would_delete) {
  const auto work = download(new_tree(), false);
  const auto error = failure_of(*work);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::exists);
  EXPECT_THAT(error->hint(), HasSubstr("2 files (mine, sub/mine too)")) << error->hint();
  EXPECT_TRUE(is_old());
}

TEST_F(Replacing, tells_what_it_deletes_before_and_after) {
  const auto work = download(new_tree());
  std::vector<std::string> told;
  work->when_replacing([&](const LostFiles& lost) {
    told = lost.first;
    EXPECT_TRUE(is_old());
  });
  EXPECT_FALSE(failure_of(*work));
  EXPECT_TRUE(is_new());
  EXPECT_THAT(told, ElementsAre("mine", "sub/mine too"));
  ASSERT_TRUE(work->removed());
  EXPECT_EQ(work->removed()->lost.files, 2U);
  EXPECT_EQ(work->removed()->lost.bytes, 13U);
  EXPECT_EQ(work->removed()->left, "");
  EXPECT_EQ(names(), kOnlyTarget);
}

TEST_F(Replacing, says_nothing_of_files_where_nothing_is_replaced) {
  const auto work = download(tree.raw(to_bytes("x")));
  EXPECT_FALSE(failure_of(*work));
  ASSERT_TRUE(work->removed());
  EXPECT_EQ(work->removed()->lost.files, 3U);  // a folder gave way to a file
  const auto again = download(tree.raw(to_bytes("x")));
  EXPECT_FALSE(failure_of(*again));
  EXPECT_FALSE(again->removed());
}

// --- what is never replaced -----------------------------------------------------------------

TEST_F(Replacing, refuses_where_something_is_mounted_before_it_fetches) {
  for (const char* path : {"/out/t/sub", "/out/t"}) {
    host.disk().mount_at(path);
    EXPECT_EQ(get(new_tree(), true), ErrorCode::io);
    EXPECT_THAT(message, HasSubstr("mounted"));
    EXPECT_TRUE(session.fetched.empty());
    EXPECT_TRUE(is_old());
  }
}

TEST_F(Replacing, refuses_what_was_mounted_meanwhile) {
  session.pause = 100ms;
  world.after(250ms, [&] { host.disk().mount_at("/out/t/sub"); });
  EXPECT_EQ(get(new_tree(), true), ErrorCode::io);
  EXPECT_FALSE(session.fetched.empty());
  EXPECT_TRUE(is_old());
}

TEST_F(Replacing, refuses_a_home) {
  write("/out/t/sub/identity.key", as_bytes("secret"));
  EXPECT_EQ(get(new_tree(), true), ErrorCode::io);
  EXPECT_THAT(message, HasSubstr("home"));
  EXPECT_TRUE(session.fetched.empty());
  EXPECT_TRUE(is_old());
}

TEST_F(Replacing, refuses_its_own_home_and_what_is_in_it) {
  const Cid cid = new_tree();
  for (const auto& [folder, name] :
       {std::pair("/", "home"), std::pair("/home", "index.db"), std::pair("/", "out")}) {
    // The last of them, a folder that has nothing to do with a home, is replaced.
    Download work(host.system(), *store, bitswap, session, cid,
                  {.folder = folder, .name = name, .replace = true});
    const auto error = failure_of(work);
    EXPECT_EQ(error.has_value(), std::string(name) != "out") << name;
    if (error) EXPECT_EQ(error->code(), ErrorCode::io) << name;
  }
  EXPECT_TRUE(storage.info("/home/index.db"));
}

// --- folders without rights -----------------------------------------------------------------

TEST_F(Replacing, leaves_what_cannot_be_deleted_under_another_name) {
  storage.set_mode("/out/t/sub", 0);
  const auto work = download(new_tree());
  EXPECT_FALSE(failure_of(*work));
  EXPECT_TRUE(is_new());
  ASSERT_TRUE(work->removed());
  const std::string left = work->removed()->left;
  EXPECT_TRUE(is_old_target_of(left.substr(left.rfind('/') + 1), "t")) << left;
  EXPECT_NE(work->removed()->reason, "");
  EXPECT_TRUE(storage.info(left + "/sub/mine too"));
  // The next one that replaces finds another name; with rights given back all goes.
  write("/out/t/mine", as_bytes("mine"));
  EXPECT_EQ(get(new_tree(), true), kDone) << message;
  EXPECT_TRUE(is_new());
  EXPECT_EQ(names().size(), 2U);
  storage.set_mode(left + "/sub", 0700);
  EXPECT_EQ(get(new_tree()), kDone);
  EXPECT_EQ(names(), kOnlyTarget);
}

TEST_F(Replacing, keeps_the_old_one_when_the_new_cannot_take_its_name) {
  for (const bool has_exchange : {true, false}) {
    host.disk().set_rules({.has_exchange = has_exchange});
    world.faults().set("storage.rename", 1);
    EXPECT_EQ(get(new_tree(), true), ErrorCode::io);
    world.faults().set("storage.rename", 0);
    EXPECT_TRUE(is_old()) << has_exchange;
  }
  EXPECT_EQ(get(new_tree(), true), kDone) << message;
  EXPECT_TRUE(session.fetched.empty());
  EXPECT_TRUE(is_new());
  EXPECT_EQ(names(), kOnlyTarget);
}

TEST_F(Replacing, works_where_names_cannot_be_exchanged) {
  host.disk().set_rules({.has_exchange = false});
  EXPECT_EQ(get(new_tree(), true), kDone) << message;
  EXPECT_TRUE(is_new());
  EXPECT_EQ(names(), kOnlyTarget);
}

// --- after a kill ---------------------------------------------------------------------------

TEST_F(Replacing, a_kill_at_any_step_leaves_the_old_or_the_new_tree) {
  const Cid cid = new_tree();
  std::size_t old_trees = 0;
  std::size_t new_trees = 0;
  bool ended = false;
  for (std::size_t steps = 1; !ended; ++steps) {
    storage.remove_tree("/out");
    storage.make_folder("/out");
    storage.make_folder("/out/t");
    storage.make_folder("/out/t/sub");
    write("/out/t/mine", as_bytes("mine"));
    write("/out/t/sub/mine too", as_bytes("mine, too"));
    {
      TaskGroup group(world.waits(), "killed");
      auto work = download(cid);
      std::optional<Error> error;
      const auto run = [](Task<void> task, bool& done, std::optional<Error>& how) -> Task<void> {
        how = co_await error_of(std::move(task));
        done = true;
      };
      group.spawn(run(work->run(), ended, error));
      std::size_t count = 0;
      world.run_while_not([&] { return ended || ++count == steps; });
      // Nothing that was begun is let come to its end.
      world.run(group.stop());
      EXPECT_FALSE(error) << error->what();
    }
    ASSERT_NE(is_old(), is_new()) << steps;
    ++(is_old() ? old_trees : new_trees);
    EXPECT_EQ(get(cid, true), kDone) << steps << message;
    EXPECT_TRUE(is_new()) << steps;
    EXPECT_EQ(names(), kOnlyTarget) << steps;
  }
  EXPECT_GT(old_trees, 10U);
  EXPECT_GT(new_trees, 1U);
}

TEST_F(Replacing, removes_what_a_killed_run_set_aside) {
  const Cid cid = new_tree();
  ASSERT_EQ(get(cid, true), kDone);
  storage.make_folder("/out/" + old_target_name("t", cid, 0));
  write("/out/" + old_target_name("t", cid, 0) + "/x", as_bytes("x"));
  storage.make_folder("/out/" + partial_name("t", cid));  // exchanged, and not yet set aside
  write("/out/" + partial_name("t", cid) + "/mine", as_bytes("x"));
  storage.make_folder("/out/.other.12345678.shoal.old");
  EXPECT_EQ(get(cid), kDone);
  EXPECT_THAT(names(), ElementsAre(".other.12345678.shoal.old", "t"));
  EXPECT_TRUE(is_new());
}

TEST_F(Replacing, puts_back_what_a_killed_run_had_not_replaced) {
  const Cid cid = new_tree();
  storage.rename("/out/t", "/out/" + kept_target_name("t", cid), false);
  EXPECT_EQ(get(cid), ErrorCode::exists);
  EXPECT_TRUE(is_old());
  EXPECT_EQ(names(), kOnlyTarget);
}

TEST_F(Replacing, takes_no_foreign_names_over_from_a_partial_tree) {
  const Cid cid = new_tree();
  storage.rename("/out/t", "/out/" + partial_name("t", cid), false);
  EXPECT_EQ(get(cid), kDone) << message;
  EXPECT_TRUE(is_new());
}

// --- what the file system does not take -----------------------------------------------------

class Refusing : public Downloads {
 protected:
  Refusing() {
    host.disk().set_rules({.has_symlinks = false,
                           .has_exchange = false,
                           .has_attributes = false,
                           .folds_case = true,
                           .refused_characters = ":",
                           .largest_file = 10 * kChunk});
  }
  /// Without the file that is too big: a trial makes none of less than 2 GiB.
  Cid mixed_tree(bool with_big = true) {
    TestTree::Entries entries{{"12:30 notes.txt", tree.raw(to_bytes("notes"))},
                              {"big", file_of(1, 3)},
                              {"dir:", tree.folder({{"inner", file_of(10, 2)}})},
                              {"link", tree.symlink("big")},
                              {"note", tree.raw(to_bytes("a note"))}};
    if (with_big) entries.push_back({"too big", file_of(20, 11)});
    return tree.folder(std::move(entries));
  }
  std::vector<std::string> missing(Download& work) {
    std::vector<std::string> out;
    for (const NotPlaced& each : work.not_placed().listed()) {
      EXPECT_NE(each.reason, "");
      out.push_back(each.path);
    }
    std::ranges::sort(out);
    return out;
  }
  std::unique_ptr<Download> run(const Cid& cid, ErrorCode code = ErrorCode::io,
                                bool replace = false, std::string folder = "/out") {
    session.fetched.clear();
    auto work = std::make_unique<Download>(
        host.system(), *store, bitswap, session, cid,
        Download::Place{.folder = std::move(folder), .name = "t", .replace = replace});
    const auto error = world.run(error_of(work->run()));
    EXPECT_TRUE(error);
    if (error) EXPECT_EQ(error->code(), code) << error->what();
    if (error) EXPECT_NE(error->hint(), "");
    return work;
  }
};

TEST_F(Refusing, places_the_rest_and_lists_what_it_cannot) {
  const auto work = run(mixed_tree());
  EXPECT_THAT(missing(*work), ElementsAre("12:30 notes.txt", "dir:", "link", "too big"));
  EXPECT_EQ(work->not_placed().count(), 4U);
  EXPECT_EQ(names(), kOnlyTarget);
  EXPECT_THAT(names("/out/t"), ElementsAre("big", "note"));
  EXPECT_EQ(read("/out/t/big"), content_of(1, 3));
  EXPECT_EQ(work->counts().files, 2U);
  EXPECT_EQ(work->counts().content_bytes, 3 * kChunk + 6);
  EXPECT_EQ(work->counts().done_bytes, work->counts().content_bytes);
}

TEST_F(Refusing, says_the_same_at_a_second_run_and_fetches_nothing) {
  const Cid cid = mixed_tree(false);
  run(cid);
  for (const bool replace : {false, true}) {
    const auto again = run(cid, ErrorCode::io, replace);
    EXPECT_TRUE(session.fetched.empty());
    EXPECT_THAT(missing(*again), ElementsAre("12:30 notes.txt", "dir:", "link"));
    EXPECT_EQ(again->counts().files, 2U);
    EXPECT_EQ(names(), kOnlyTarget);
  }
  // What could be there and is not is a difference.
  storage.remove("/out/t/note");
  run(cid, ErrorCode::exists);
  EXPECT_EQ(names(), kOnlyTarget);
}

TEST_F(Refusing, fetches_nothing_twice_for_another_place) {
  const Cid cid = mixed_tree();
  run(cid);
  const std::vector<Cid> first = session.fetched;
  host.disk().set_rules({});
  storage.make_folder("/elsewhere");
  Download work(host.system(), *store, bitswap, session, cid,
                {.folder = "/elsewhere", .name = "t"});
  session.fetched.clear();
  EXPECT_FALSE(world.run(error_of(work.run())));
  for (const Cid& again : session.fetched) {
    EXPECT_EQ(std::ranges::find(first, again), first.end()) << again.to_string();
  }
  EXPECT_EQ(names("/elsewhere/t").size(), 6U);
}

TEST_F(Refusing, places_one_of_two_names_that_are_one_to_the_disk) {
  const Cid cid = tree.folder({{"NAME", file_of(1, 2)},
                               {"Sub", tree.folder({{"a", file_of(5, 1)}})},
                               {"name", file_of(3, 2)},
                               {"sub", tree.folder({{"b", file_of(6, 1)}})}});
  for (int i = 0; i < 3; ++i) {
    const auto work = run(cid);
    EXPECT_THAT(missing(*work), ElementsAre("name", "sub"));
    EXPECT_EQ(work->not_placed().listed().front().reason, kOneName);
    EXPECT_THAT(names("/out/t"), ElementsAre("NAME", "Sub"));
    EXPECT_EQ(read("/out/t/NAME"), content_of(1, 2));
    EXPECT_THAT(names("/out/t/Sub"), ElementsAre("a"));
  }
}

TEST_F(Refusing, a_second_run_writes_no_name_over_another) {
  const Cid cid = tree.folder({{"NAME", file_of(1, 2)}, {"name", file_of(3, 2)}});
  session.most = 4;
  EXPECT_EQ(get(cid), ErrorCode::not_found);
  session.most = 100;
  run(cid);
  const std::string placed = names("/out/t").front();
  EXPECT_EQ(read("/out/t/" + placed), placed == "NAME" ? content_of(1, 2) : content_of(3, 2));
}

TEST_F(Refusing, coalesces_a_long_list) {
  TestTree::Entries entries;
  for (int i = 0; i < 150; ++i) entries.emplace_back("l" + std::to_string(i), tree.symlink("x"));
  const auto work = run(tree.folder(entries));
  EXPECT_EQ(work->not_placed().count(), 150U);
  EXPECT_EQ(work->not_placed().listed().size(), NotPlacedList::kListed);
}

TEST_F(Refusing, a_root_that_cannot_be_placed_is_an_error_of_the_disk) {
  run(tree.symlink("x"));
  run(file_of(20, 11));
  EXPECT_THAT(names(), IsEmpty());
}

// --- modes and times ------------------------------------------------------------------------

TEST_F(Downloads, gives_modes_within_the_umask) {
  const auto mode = [](std::uint32_t bits) { return UnixfsMetadata{.mode = bits}; };
  const Cid cid = tree.folder({{"all", file_of(1, 1, mode(0777))},
                               {"set", file_of(2, 1, mode(06755))},
                               {"dir", tree.folder({}, mode(01777))}},
                              mode(0577));
  EXPECT_EQ(get(cid), kDone);
  EXPECT_EQ(storage.info("/out/t/all")->mode, 0755U);
  EXPECT_EQ(storage.info("/out/t/set")->mode, 0755U);
  EXPECT_EQ(storage.info("/out/t/dir")->mode, 0755U);
  EXPECT_EQ(storage.info("/out/t")->mode, 0755U);
}

TEST_F(Downloads, gives_a_target_of_the_same_content_its_modes_and_times) {
  const auto stamped = [](std::uint32_t mode, std::int64_t seconds) {
    return UnixfsMetadata{.mode = mode, .mtime = UnixfsTime{.seconds = seconds, .nanos = 5}};
  };
  const auto make = [&](std::uint32_t mode, std::int64_t time) {
    return tree.folder({{"f", file_of(1, 2, stamped(mode, time))},
                        {"l", tree.symlink("f", stamped(0777, time))},
                        {"s", tree.folder({{"x", tree.raw(to_bytes("x"))}}, stamped(mode, time))}},
                       stamped(mode, time));
  };
  ASSERT_EQ(get(make(0755, 1000)), kDone);
  const Cid changed = make(0700, 2000);
  const std::vector<Cid> leaves = {Cid::v1(Codec::raw, Multihash::sha2_256(chunk(1)))};
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(get(changed), kDone) << message;
    for (const Cid& leaf : leaves) EXPECT_FALSE(fetched(leaf));
    for (const char* path : {"/out/t", "/out/t/f", "/out/t/s"}) {
      EXPECT_EQ(storage.info(path)->mode, 0700U) << path;
    }
    for (const char* path : {"/out/t", "/out/t/f", "/out/t/l", "/out/t/s"}) {
      EXPECT_EQ(storage.info(path)->mtime, WallTime(2000s + 5ns)) << path;
    }
    storage.set_mode("/out/t/f", 0644);
  }
  EXPECT_EQ(names(), kOnlyTarget);
}

TEST_F(Downloads, leaves_the_modes_of_a_target_that_differs) {
  ASSERT_EQ(get(tree.folder({{"f", file_of(1, 2, {.mode = 0755})}})), kDone);
  write("/out/t/more", as_bytes("x"));
  EXPECT_EQ(get(tree.folder({{"f", file_of(1, 2, {.mode = 0700})}})), ErrorCode::exists);
  EXPECT_EQ(storage.info("/out/t/f")->mode, 0755U);
}

// --- trees that no run completes ------------------------------------------------------------

TEST_F(Downloads, leaves_nothing_of_a_tree_that_no_run_completes) {
  const Cid leaf = tree.raw(to_bytes("leaf"));
  const Cid broken = tree.add(Codec::dag_pb, to_bytes("no node"));
  const std::vector<std::pair<Cid, ErrorCode>> roots = {
      {tree.folder({{"fine", leaf}, {"sub", tree.folder({{"bad", broken}})}}),
       ErrorCode::malformed},
      {tree.folder({{"fine", leaf}, {"..", leaf}}), ErrorCode::malformed}};
  for (const auto& [root, code] : roots) {
    EXPECT_EQ(get(root), code) << message;
    EXPECT_THAT(names(), IsEmpty());
  }
}

TEST_F(Downloads, names_path_and_cid_of_what_is_malformed) {
  const Cid broken = tree.add(Codec::dag_pb, to_bytes("no node"));
  const Cid root = tree.folder({{"sub", tree.folder({{"bad", broken}})}});
  Download work(host.system(), *store, bitswap, session, root, {.folder = "/out", .name = "t"});
  const auto error = world.run(error_of(work.run()));
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("sub/bad"));
  EXPECT_THAT(error->what(), HasSubstr(broken.to_string()));
}

}  // namespace
}  // namespace shoal::content
