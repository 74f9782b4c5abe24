#include "content/import/importer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "format/dag_pb.h"
#include "system/os/test_world.h"

// All CIDs here are those of Kubo 0.41 after `ipfs init --profile=test,unixfs-v1-2025`, by
// `ipfs add -Q -r PATH`, with the options that a test names.

namespace shoal::content {
namespace {

using os::TempFolder;

void write(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// 3 MiB and 5 bytes: four chunks.
std::string big_content() {
  std::string out((3 << 20) + 5, '\0');
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(i * 7 + i / 251);
  return out;
}

/// tree/{.hidden,a.txt,empty/,link → a.txt,nothing,sub/größe 木.txt}
std::string make_tree(const TempFolder& temp) {
  const std::string tree = temp.path("tree");
  std::filesystem::create_directories(tree + "/empty");
  std::filesystem::create_directories(tree + "/sub");
  write(tree + "/a.txt", "hello\n");
  write(tree + "/nothing", "");
  write(tree + "/sub/größe 木.txt", "x");
  write(tree + "/.hidden", "secret");
  std::filesystem::create_symlink("a.txt", tree + "/link");
  return tree;
}

Task<ImportResult> imported(System& system, BlockStore* store, std::vector<std::string> paths,
                            ImportOptions options = {}) {
  Importer importer(system, store, std::move(options));
  ImportResult result = co_await importer.import(std::move(paths));
  co_return result;
}

Task<std::string> cid_of(System& system, std::string path, ImportOptions options = {}) {
  const auto result = co_await imported(system, nullptr, {path}, std::move(options));
  co_return result.root.to_string();
}

/// The code and the subject of the error.
Task<std::string> failure_of(System& system, std::vector<std::string> paths,
                             ImportOptions options = {}) {
  try {
    static_cast<void>(co_await imported(system, nullptr, std::move(paths), std::move(options)));
  } catch (const Error& error) {
    co_return std::string(to_string(error.code())) + " " + error.subject();
  }
  co_return "none";
}

Task<void> trees(System& system) {
  const TempFolder temp;
  const std::string tree = make_tree(temp);
  const auto result = co_await imported(system, nullptr, {tree});
  EXPECT_EQ(result.root.to_string(), "bafybeignececr6ncizttekocojx7hiy573rvxx7s2dz4jzqu43irztiek4");
  EXPECT_EQ(result.name, "tree");
  EXPECT_EQ(result.files, 3u);
  EXPECT_EQ(result.bytes, 7u);
  EXPECT_EQ(result.bytes_hashed, 7u);
  EXPECT_EQ(result.blocks, 7u);
  EXPECT_TRUE(result.warnings.empty());
  EXPECT_EQ(co_await cid_of(system, tree + "/", {.hidden = true, .exclude = {}, .name = {}}),
            "bafybeics5gsanu6ibviudrnryzwcor7qbolaiosszgncnyeacxmte5ukb4");
  EXPECT_EQ(co_await cid_of(system, tree + "/nothing"),
            "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
  EXPECT_EQ(co_await cid_of(system, tree + "/empty"),
            "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354");
  EXPECT_EQ(co_await cid_of(system, tree + "/a.txt"),
            "bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am");
  std::filesystem::create_directory(temp.path("links"));
  std::filesystem::create_symlink("a.txt", temp.path("links/link"));
  const auto links = co_await imported(system, nullptr, {temp.path("links")});
  EXPECT_EQ(links.blocks, 2u);
  EXPECT_EQ(links.files, 0u);
}
TEST(Importer, gives_small_trees_the_cids_of_kubo) {
  os::in_world(trees);
}

Task<void> many_entries(System& system) {
  const TempFolder temp;
  for (int i = 0; i < 20'000; ++i) {
    write(temp.path("file-" + std::to_string(i)), std::to_string(i));
  }
  EXPECT_EQ(co_await cid_of(system, temp.path()),
            "bafybeie5mdcakhzt2ge2iqcym6cg5g7jjynwn6vsscdsp2yjob5ypdk76e");
}
TEST(Importer, gives_a_folder_of_20000_files_the_cid_of_kubo) {
  os::in_world(many_entries);
}

Task<void> big_files(System& system) {
  const TempFolder temp;
  const std::string content = big_content();
  write(temp.path("big"), content);
  BlockStore store(system, temp.path("home"));
  Importer importer(system, &store, {});
  const auto result = co_await importer.import({temp.path("big")});
  EXPECT_EQ(result.root.to_string(), "bafybeid7xxeerhwwfpog23mjnlexq4yzehqtivoll75otupzgi6eluvcd4");
  EXPECT_EQ(result.blocks, 5u);
  EXPECT_EQ(result.bytes_hashed, content.size());
  EXPECT_EQ(importer.progress().bytes_done, content.size());
  EXPECT_EQ(importer.progress().bytes_total, content.size());
  const auto root = co_await store.get(result.root.hash());
  std::string joined;
  if (root) {
    for (const auto& link : decode_dag_pb(root->view()).links) {
      const auto leaf = co_await store.get(link.cid.hash());
      if (leaf) joined += as_text(leaf->view());
    }
  }
  EXPECT_TRUE(joined == content);
  EXPECT_LT(store.index_bytes(), 200'000u);
  co_await store.stop();
}
TEST(Importer, serves_the_chunks_of_a_file_from_where_it_lies) {
  os::in_world(big_files);
}

constexpr WallTime kTime{std::chrono::seconds(1'600'000'000) + 7ns};

Task<void> preserved(System& system) {
  const TempFolder temp;
  const std::string tree = make_tree(temp);
  Storage& storage = system.storage;
  write(temp.path("big"), big_content());
  const std::vector<std::pair<std::string, std::uint32_t>> modes = {
      {tree + "/a.txt", 0640}, {tree + "/nothing", 0644}, {tree + "/sub/größe 木.txt", 0644},
      {tree + "/empty", 0755}, {tree + "/sub", 0700},     {tree, 0755},
      {temp.path("big"), 0644}};
  for (const auto& [path, mode] : modes) {
    storage.set_mode(path, mode);
    storage.set_mtime(path, kTime);
  }
  storage.set_mtime(tree + "/link", kTime - 7ns + 500ms);
  storage.set_mtime(tree, kTime);
  const ImportOptions options{.preserve = true, .exclude = {}, .name = {}};
  // ipfs add -Q -r --preserve-mode --preserve-mtime --raw-leaves=false
  const std::vector<std::pair<std::string, std::string>> expected = {
      {tree + "/a.txt", "bafybeigqrttudidbxuqftg755ytlii7gfxljty3kqgnxzoaookxsbdsxku"},
      {tree + "/nothing", "bafybeif6dpzm3jemmkj7itbeu3hckaarfkiyfhamd27ltu4pfjjq3fcswu"},
      {tree + "/sub", "bafybeib45emomstgnyppwti7uxjisqbfhr5x3wuhwsqgqtsn65pgmkxq7m"},
      {tree + "/empty", "bafybeib44fsr34wbjqk63dhngmt5pddp33fcejedc43nhjggqrahm7z4ia"},
      {tree, "bafybeig5q4rjecsmrs7dujgjjduxrn3mueccreujvukf5h7bwu3mj2n5cq"},
      {temp.path("big"), "bafybeieuic7fae7fqj6hjcoxm4zno4kne3s44m6szrmda55vsef4wogo4y"}};
  for (const auto& [path, cid] : expected) {
    EXPECT_EQ(co_await cid_of(system, path, options), cid) << path;
  }
}
TEST(Importer, preserves_mode_and_time_as_kubo_does) {
  os::in_world(preserved);
}

Task<void> framed(System& system) {
  const TempFolder temp;
  const std::string content = big_content();
  write(temp.path("big"), content);
  write(temp.path("small"), "hello");
  BlockStore store(system, temp.path("home"));
  const ImportOptions options{.preserve = true, .exclude = {}, .name = {}};
  const auto small = co_await imported(system, &store, {temp.path("small")}, options);
  const auto leaf = co_await store.get(small.root.hash());
  EXPECT_TRUE(leaf && small.root.hash().matches(leaf->view()));
  EXPECT_EQ(store.size(small.root.hash()), small.dag_bytes);
  const auto big = co_await imported(system, &store, {temp.path("big")}, options);
  const auto root = co_await store.get(big.root.hash());
  std::size_t right = 0;
  if (root) {
    for (const auto& link : decode_dag_pb(root->view()).links) {
      const auto block = co_await store.get(link.cid.hash());
      if (block && link.cid.hash().matches(block->view())) ++right;
    }
  }
  EXPECT_EQ(right, 4u);
  EXPECT_LT(store.index_bytes(), 200'000u);
  co_await store.stop();
}
TEST(Importer, serves_leaves_that_are_not_raw_from_the_file_as_well) {
  os::in_world(framed);
}

Task<void> several_paths(System& system) {
  const TempFolder temp;
  const std::string tree = make_tree(temp);
  write(temp.path("empty"), "");
  // ipfs add -Q -w tree/a.txt empty
  auto result = co_await imported(system, nullptr, {tree + "/a.txt", temp.path("empty")});
  EXPECT_EQ(result.root.to_string(), "bafybeiaw2ivhyysv5qld3qu3kihk4sckkgnf545p7lvy4haortdu5usmxi");
  EXPECT_EQ(result.name, "");
  result =
      co_await imported(system, nullptr, {tree + "/.hidden"}, {.exclude = {"*"}, .name = "other"});
  EXPECT_EQ(result.files, 1u);
  EXPECT_EQ(result.name, "other");
  write(tree + "/sub/a.txt", "");
  EXPECT_EQ(co_await failure_of(system, {tree + "/a.txt", tree + "/sub/a.txt"}),
            "usage " + tree + "/sub/a.txt");
  EXPECT_EQ(co_await failure_of(system, {}), "usage ");
}
TEST(Importer, makes_one_folder_of_several_paths_with_different_names) {
  os::in_world(several_paths);
}

Task<void> unchanged(System& system) {
  const TempFolder temp;
  const std::string tree = make_tree(temp);
  write(tree + "/big", big_content());
  BlockStore store(system, temp.path("home"));
  const auto first = co_await imported(system, &store, {tree});
  EXPECT_EQ(first.bytes_hashed, first.bytes);
  const auto second = co_await imported(system, &store, {tree});
  EXPECT_EQ(second.bytes_hashed, 0u);
  EXPECT_EQ(second.root, first.root);
  EXPECT_EQ(second.blocks, first.blocks);
  EXPECT_EQ(second.dag_bytes, first.dag_bytes);
  write(tree + "/a.txt", "other");
  const auto third = co_await imported(system, &store, {tree});
  EXPECT_EQ(third.bytes_hashed, 5u);
  EXPECT_NE(third.root, first.root);
  co_await store.stop();
}
TEST(Importer, does_not_read_a_file_again_that_has_not_changed) {
  os::in_later_world(unchanged);
}

Task<void> time_set_back(System& system) {
  const TempFolder temp;
  const std::string path = temp.path("file");
  write(path, "before");
  const auto time = std::filesystem::last_write_time(path);
  BlockStore store(system, temp.path("home"));
  const auto first = co_await imported(system, &store, {path});
  write(path, "after!");
  std::filesystem::last_write_time(path, time);
  const auto second = co_await imported(system, &store, {path});
  EXPECT_NE(second.root, first.root);
  EXPECT_FALSE(co_await store.get(first.root.hash()));
  co_await store.stop();
}
TEST(Importer, gives_a_new_root_for_a_file_rewritten_with_its_size_and_mtime) {
  os::in_later_world(time_set_back);
}

Task<std::uint64_t> files_in(System& system, std::string path, ImportOptions options = {}) {
  const auto result = co_await imported(system, nullptr, {path}, std::move(options));
  co_return result.files;
}

Task<void> left_out(System& system) {
  const TempFolder temp;
  const std::string tree = temp.path("tree");
  std::filesystem::create_directories(tree + "/sub/build");
  for (const char* name :
       {"/x.o", "/a.log", "/sub/keep.log", "/sub/b.log", "/sub/build/c", "/.name.Ab3dEf9h.shoal",
        "/.name.Ab3dEf9h.shoal.lock", "/top", "/sub/top"}) {
    write(tree + name, "1");
  }
  EXPECT_EQ(co_await files_in(system, tree), 7u);
  write(tree + "/.shoalignore", "*.log\nbuild/\n/top\n");
  write(tree + "/sub/.shoalignore", "!keep.log\n");
  EXPECT_EQ(co_await files_in(system, tree), 3u);  // x.o, sub/keep.log, sub/top
  EXPECT_EQ(co_await files_in(system, tree, {.hidden = true, .exclude = {}, .name = {}}), 3u);
  EXPECT_EQ(co_await files_in(system, tree, {.exclude = {"*.o", "sub/top"}, .name = {}}), 1u);
  EXPECT_EQ(co_await files_in(system, tree, {.exclude = {"keep.log"}, .name = {}}), 2u);
  EXPECT_EQ(co_await files_in(system, tree, {.exclude = {"sub"}, .name = {}}), 1u);
}
TEST(Importer, leaves_out_what_is_hidden_ignored_excluded_or_half_downloaded) {
  os::in_world(left_out);
}

Task<void> own_home(System& system) {
  const TempFolder temp;
  const std::string tree = make_tree(temp);
  const std::string without =
      co_await cid_of(system, tree, {.hidden = true, .exclude = {}, .name = {}});
  for (const char* name : {"/home", "/.home"}) {
    const std::string home = tree + name;
    std::filesystem::create_directory(home);
    write(home + "/identity.key", "secret");
    std::filesystem::create_directory_symlink(home, temp.path("other way"));
    const ImportOptions options{
        .hidden = true, .exclude = {}, .name = {}, .home = temp.path("other way")};
    const auto result = co_await imported(system, nullptr, {tree}, options);
    EXPECT_EQ(result.root.to_string(), without);
    EXPECT_EQ(result.warnings.size(), 1u);
    EXPECT_TRUE(result.warnings.front().starts_with(home + ": left out")) << result.warnings[0];
    EXPECT_EQ(co_await failure_of(system, {home}, options), "usage " + home);
    EXPECT_EQ(co_await failure_of(system, {temp.path("other way") + "/identity.key"}, options),
              "usage " + home + "/identity.key");
    std::filesystem::remove_all(home);
    std::filesystem::remove(temp.path("other way"));
  }
}
TEST(Importer, never_takes_in_the_home_of_its_node) {
  os::in_world(own_home);
}

Task<void> special(System& system) {
  const TempFolder temp;
  const std::string tree = make_tree(temp);
  EXPECT_EQ(::mkfifo((tree + "/fifo").c_str(), 0600), 0);
  const auto result = co_await imported(system, nullptr, {tree});
  EXPECT_EQ(result.files, 3u);
  EXPECT_EQ(result.omissions.special.count, 1u);
  EXPECT_EQ(result.omissions.special.first, std::vector{tree + "/fifo"});
  EXPECT_EQ(co_await failure_of(system, {tree + "/fifo"}), "io " + tree + "/fifo");
  EXPECT_EQ(co_await failure_of(system, {tree + "/absent"}), "io " + tree + "/absent");
  EXPECT_EQ(co_await failure_of(system, {"/dev/null"}), "io /dev/null");
  try {
    static_cast<void>(co_await imported(system, nullptr, {tree + "/fifo"}));
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("shoal share - <"), std::string::npos) << error.hint();
  }
}
TEST(Importer, counts_what_is_no_file_and_names_what_is_absent) {
  os::in_world(special);
}

Task<void> given_links(System& system) {
  const TempFolder temp;
  const std::string tree = make_tree(temp);
  std::filesystem::create_directory_symlink("tree", temp.path("current"));
  std::filesystem::create_symlink("current", temp.path("twice"));
  const std::string tree_cid = co_await cid_of(system, tree);
  for (const char* name : {"current", "current/", "twice"}) {
    const auto result = co_await imported(system, nullptr, {temp.path(name)});
    EXPECT_EQ(result.root.to_string(), tree_cid) << name;
    EXPECT_EQ(result.name, std::string(name).substr(0, std::string(name).find('/')));
  }
  const auto file = co_await imported(system, nullptr, {tree + "/link"});
  EXPECT_EQ(file.root.to_string(), co_await cid_of(system, tree + "/a.txt"));
  EXPECT_EQ(file.name, "link");
  EXPECT_TRUE(file.warnings.empty());
  std::filesystem::create_symlink("nowhere", temp.path("dangling"));
  EXPECT_EQ(co_await failure_of(system, {temp.path("dangling")}), "io " + temp.path("dangling"));
  std::filesystem::create_symlink("/dev/null", temp.path("device"));
  EXPECT_EQ(co_await failure_of(system, {temp.path("device")}), "io " + temp.path("device"));
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const std::string pipe = "/proc/self/fd/" + std::to_string(ends[0]);
  try {
    static_cast<void>(co_await imported(system, nullptr, {pipe}));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "neither a file nor a folder");
  }
  ::close(ends[0]);
  ::close(ends[1]);
}
TEST(Importer, follows_a_given_symlink_and_takes_its_name) {
  os::in_world(given_links);
}

Task<void> omitted(System& system) {
  const TempFolder temp;
  const std::string tree = make_tree(temp);
  std::filesystem::create_directory(tree + "/.git");
  write(tree + "/.git/config", "");
  write(tree + "/.ignored", "");
  write(tree + "/.shoalignore", ".ignored\n");
  write(tree + "/run", "#!/bin/sh\n");
  system.storage.set_mode(tree + "/run", 0755);
  const auto result = co_await imported(system, nullptr, {tree});
  EXPECT_EQ(result.omissions.hidden.count, 2u);
  EXPECT_EQ(result.omissions.hidden.first, (std::vector{tree + "/.git", tree + "/.hidden"}));
  EXPECT_EQ(result.omissions.executables, 1u);
  EXPECT_FALSE(result.omissions.unexpected());
  const auto all = co_await imported(system, nullptr, {tree},
                                     {.hidden = true, .preserve = true, .exclude = {}, .name = {}});
  EXPECT_FALSE(all.omissions.any());
}
TEST(Importer, counts_what_it_leaves_out_and_what_it_will_not_keep) {
  os::in_world(omitted);
}

Task<void> streams(System& system) {
  const TempFolder temp;
  const std::size_t chunk = UnixfsProfile::v1_2025().chunk_bytes;
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, chunk, chunk + 1, 3 * chunk}) {
    const std::string content = big_content().substr(0, size);
    write(temp.path("file"), content);
    const auto file = co_await imported(system, nullptr, {temp.path("file")});
    StreamHasher hasher(UnixfsProfile::v1_2025());
    for (std::size_t at = 0; at < size; at += 700'000) {
      hasher.add(as_bytes(std::string_view(content).substr(at, 700'000)));
    }
    const ImportOptions options{
        .exclude = {},
        .name = {},
        .standard_input = StandardInput{.path = {}, .hashed = hasher.finish()}};
    const auto stream = co_await imported(system, nullptr, {"-"}, options);
    EXPECT_EQ(stream.root, file.root) << size;
    EXPECT_EQ(stream.blocks, file.blocks) << size;
    EXPECT_EQ(stream.bytes, size);
    EXPECT_EQ(stream.name, "stdin");
  }
}
TEST(Importer, gives_standard_input_the_root_of_a_file) {
  os::in_world(streams);
}

Task<void> unreadable(System& system) {
  const TempFolder temp;
  const std::string tree = make_tree(temp);
  system.storage.set_mode(tree + "/a.txt", 0);
  EXPECT_EQ(co_await failure_of(system, {tree}), "io " + tree + "/a.txt");
  EXPECT_EQ(co_await failure_of(system, {tree}, {.exclude = {"a.txt"}, .name = {}}), "none");
  system.storage.set_mode(tree + "/sub", 0);
  EXPECT_EQ(co_await failure_of(system, {tree}, {.exclude = {"a.txt"}, .name = {}}),
            "io " + tree + "/sub");
  system.storage.set_mode(tree + "/sub", 0700);
}
TEST(Importer, names_what_it_may_not_read) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  os::in_world(unreadable);
}

}  // namespace
}  // namespace shoal::content
