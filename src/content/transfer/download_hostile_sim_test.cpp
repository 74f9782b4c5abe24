#include <gtest/gtest.h>

#include <limits>

#include "content/transfer/download_testing.h"

namespace shoal::content {
namespace {

TEST_F(Downloads, K4_something_else_in_the_place_of_the_partial_tree_is_removed) {
  const Cid root = tree.folder({{"f", file_of(1, 2)},
                                {"l", tree.symlink("x")},
                                {"s", tree.raw(to_bytes("small"))},
                                {"sub", tree.folder({{"g", tree.raw(chunk(9))}})}});
  session.most = 1;
  EXPECT_EQ(get(root), ErrorCode::not_found);
  const std::string there = partial();
  storage.make_folder("/elsewhere");
  storage.remove_tree(there + "/sub");
  storage.make_link("/elsewhere", there + "/sub");
  for (const char* name : {"/f", "/l", "/s"}) {
    storage.remove_tree(there + name);
    storage.make_folder(there + name);
    write(there + name + "/stray", as_bytes("stray"));
  }
  session.most = 100;
  EXPECT_EQ(get(root), kDone) << message;
  EXPECT_TRUE(read("/out/t/f") == content_of(1, 2));
  EXPECT_EQ(storage.read_link("/out/t/l"), "x");
  EXPECT_EQ(as_text(read("/out/t/s")), "small");
  EXPECT_EQ(kind("/out/t/sub"), FileKind::folder);
  EXPECT_TRUE(names("/elsewhere").empty());
}

TEST_F(Downloads, K4_a_symlink_in_the_place_of_the_partial_file_is_not_followed) {
  const Cid root = file_of(1, 2);
  session.most = 1;
  EXPECT_EQ(get(root), ErrorCode::not_found);
  const std::string there = partial();
  write("/victim", as_bytes("precious"));
  storage.remove(there);
  storage.make_link("/victim", there);
  session.most = 100;
  EXPECT_EQ(get(root), kDone) << message;
  EXPECT_EQ(as_text(read("/victim")), "precious");
  EXPECT_EQ(kind("/out/t"), FileKind::file);
}

class DownloadsOnASmallDisk : public Downloads {
 protected:
  DownloadsOnASmallDisk() : Downloads(4 << 20) {}
};

TEST_F(DownloadsOnASmallDisk, K8_a_file_that_does_not_fit_is_refused_before_anything_is_written) {
  const Cid huge = tree.file({{tree.raw(chunk(1)), std::uint64_t{1} << 62}});
  EXPECT_EQ(get(huge), ErrorCode::io);
  EXPECT_EQ(session.fetched.size(), 1U);
  EXPECT_TRUE(names().empty());
}

TEST_F(DownloadsOnASmallDisk, K8_a_folder_that_says_it_does_not_fit_is_refused_at_once) {
  const DagPbLink large{tree.raw(chunk(1)), "f", std::uint64_t{1} << 40};
  EXPECT_EQ(get(tree.node({.type = UnixfsType::directory}, {large})), ErrorCode::io);
  EXPECT_EQ(session.fetched.size(), 1U);
  EXPECT_TRUE(names().empty());
}

TEST_F(DownloadsOnASmallDisk, K8_a_file_in_a_folder_that_does_not_fit_is_refused) {
  // Zeros cost nobody anything, so that nothing else would end this.
  Cid part = tree.raw(Bytes(1));
  std::uint64_t bytes = 1;
  for (int i = 0; i < 32; ++i) {
    part = tree.file({{part, bytes}, {part, bytes}});
    bytes *= 2;
  }
  EXPECT_EQ(get(tree.folder({{"huge", part}})), ErrorCode::io);
  EXPECT_EQ(kind("/out/t"), FileKind::other);
}

TEST_F(DownloadsOnASmallDisk,
       K8_a_disk_that_fills_up_is_told_and_the_rest_comes_when_there_is_room) {
  TestTree::Entries files;
  for (int i = 0; i < 60; ++i) files.emplace_back(std::to_string(i), tree.raw(chunk(101 + i)));
  const Cid root = tree.folder({{"sub", tree.folder(files)}});  // which hides how much it is
  write("/ballast", chunk(0, 1 << 20));
  EXPECT_EQ(get(root), ErrorCode::io);
  EXPECT_EQ(kind("/out/t"), FileKind::other);
  storage.remove("/ballast");
  const std::size_t before = session.fetched.size();
  EXPECT_EQ(get(root), kDone) << message;
  EXPECT_LT(session.fetched.size(), before);
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(read("/out/t/sub/" + std::to_string(i)), chunk(101 + i));
  }
}

TEST_F(DownloadsOnASmallDisk, K8_files_may_not_together_claim_more_than_there_is_room_for) {
  // Each would fit, and none takes any room, being zeros.
  Cid part = tree.raw(Bytes(1));
  std::uint64_t bytes = 1;
  for (int i = 0; i < 21; ++i) {
    part = tree.file({{part, bytes}, {part, bytes}});
    bytes *= 2;
  }
  EXPECT_EQ(get(tree.folder({{"one", tree.raw(chunk(1))}})), kDone);
  EXPECT_EQ(get(tree.folder({{"a", part}, {"b", part}}), true), ErrorCode::io);
  EXPECT_NE(message.find("not enough space"), std::string::npos) << message;
  EXPECT_EQ(names("/out/t"), std::vector<std::string>{"one"});
}

TEST_F(Downloads, K8_a_few_blocks_that_say_they_are_2_to_the_60_bytes_write_nothing) {
  Cid part = tree.raw(chunk(1, 1 << 20));
  std::uint64_t bytes = 1 << 20;
  for (int i = 0; i < 40; ++i) {
    part = tree.file({{part, bytes}, {part, bytes}});
    bytes *= 2;
  }
  EXPECT_EQ(bytes, std::uint64_t{1} << 60);
  EXPECT_EQ(get(part), ErrorCode::io);
  EXPECT_EQ(session.fetched.size(), 1U);
  EXPECT_TRUE(names().empty());
  EXPECT_EQ(get(tree.folder({{"f", part}})), ErrorCode::io);
  EXPECT_EQ(kind("/out/t"), FileKind::other);
}

TEST_F(Downloads, copies_of_one_leaf_end_the_download_at_the_budget) {
  // 2 MiB on the wire, half a gigabyte on the disk.
  const Cid raw = tree.raw(chunk(1, 2 << 20));
  const Cid wrapped = tree.wrapped(chunk(2, 2'000'000));
  for (const Cid& leaf : {raw, wrapped}) {
    TestTree::Entries names;
    for (int i = 0; i < 100; ++i) names.emplace_back(std::to_string(i), leaf);
    EXPECT_EQ(get(tree.folder(names), false, "fine"), kDone) << message;
    storage.remove_tree("/out/fine");
    for (int i = 100; i < 400; ++i) names.emplace_back(std::to_string(i), leaf);
    const Cid root = tree.folder(names);
    EXPECT_EQ(get(root), ErrorCode::limit);
    EXPECT_EQ(kind("/out/t"), FileKind::other);
    EXPECT_LT(counts.done_bytes, RepeatBudget::kSpareBytes + (std::uint64_t{64} << 20));
    EXPECT_NE(hint.find("--max-size"), std::string::npos) << hint;
  }
}

TEST_F(Downloads, a_larger_size_that_was_confirmed_allows_copies) {
  const Cid leaf = tree.raw(chunk(1, 2 << 20));
  TestTree::Entries names;
  for (int i = 0; i < 200; ++i) names.emplace_back(std::to_string(i), leaf);
  const Cid root = tree.folder(names);
  limits.max_bytes = 200 * (std::uint64_t{2} << 20) - 1;
  EXPECT_EQ(get(root), ErrorCode::limit);
  limits.max_bytes = 200 * (std::uint64_t{2} << 20);
  EXPECT_EQ(get(root), kDone) << message;
}

TEST_F(Downloads, more_files_than_were_confirmed_end_the_download) {
  TestTree::Entries names;
  for (int i = 0; i < 10; ++i) names.emplace_back(std::to_string(i), tree.raw(chunk(i, 10)));
  const Cid root = tree.folder(names);
  limits.max_entries = 9;
  EXPECT_EQ(get(root), ErrorCode::limit);
  limits.max_entries = 10;
  EXPECT_EQ(get(root), kDone) << message;
}

TEST_F(Downloads, folders_within_folders_of_one_name_twice_end_early) {
  Cid folder = tree.folder({{"f", tree.raw(to_bytes("leaf"))}});
  for (int i = 0; i < 64; ++i) folder = tree.folder({{"a", folder}, {"b", folder}});
  EXPECT_EQ(get(folder), ErrorCode::limit);
  EXPECT_NE(hint.find("--max-files"), std::string::npos) << hint;
  EXPECT_NE(subject.find("/a/"), std::string::npos) << subject;
  EXPECT_NE(subject.find("(baf"), std::string::npos) << subject;
  EXPECT_LE(session.fetched.size(), 66U);
}

TEST_F(Downloads, a_sparse_image_is_no_bomb) {
  // Four gigabytes of one leaf of zeros, and a few that are something else.
  const Cid zeros = tree.raw(Bytes(1 << 20));
  TestTree::Parts node(1024, {zeros, 1 << 20});
  const Cid hole = tree.file(node);
  node.front().first = tree.raw(chunk(1, 1 << 20));
  const std::uint64_t bytes = std::uint64_t{1} << 30;
  const Cid root =
      tree.file({{tree.file(node), bytes}, {hole, bytes}, {hole, bytes}, {hole, bytes}});
  EXPECT_EQ(get(root), kDone) << message;
  EXPECT_EQ(storage.info("/out/t")->size, 4 * bytes);
}

TEST_F(Downloads, errors_of_the_tree_name_path_and_cid) {
  const Cid bad = tree.add(Codec::dag_pb, to_bytes("no node"));
  EXPECT_EQ(get(tree.folder({{"sub", tree.folder({{"bad", bad}})}})), ErrorCode::malformed);
  EXPECT_EQ(subject, "sub/bad (" + bad.to_string() + ")");
}

TEST_F(Downloads, K8_an_endless_file_that_claims_one_byte_is_given_up) {
  Cid part = tree.raw({'x'});
  for (unsigned i = 0; i < kMaxFileDepth; ++i) part = tree.file({{part, 1}});
  EXPECT_EQ(get(part, false, "most"), kDone) << message;
  for (int i = 0; i < 1000; ++i) part = tree.file({{part, 1}});
  EXPECT_EQ(get(part), ErrorCode::limit);
  EXPECT_EQ(session.fetched.size(), kMaxFileDepth + 1);
  EXPECT_EQ(kind("/out/t"), FileKind::other);
}

TEST_F(Downloads, K6_names_that_are_odd_elsewhere_are_kept_byte_for_byte) {
  const std::vector<std::string> odd = {
      "CON",     "NUL.txt",    "a\\b",      "trailing.",
      "dots...", " ",          "\xff\xfe",  "$(touch pwned)",
      "`id`",    "-rf",        "new\nline", "\x1b[2J",
      "a:b",     "; rm -rf ~", "...",       std::string(255, 'n')};
  TestTree::Entries entries;
  for (const std::string& name : odd) entries.emplace_back(name, tree.raw(to_bytes(name)));
  EXPECT_EQ(get(tree.folder(entries)), kDone) << message;
  EXPECT_EQ(names("/out/t").size(), odd.size());
  for (const std::string& name : odd) EXPECT_EQ(as_text(read("/out/t/" + name)), name);
}

TEST_F(Downloads, K4_a_symlink_at_the_place_is_never_followed) {
  write("/victim", content_of(1, 2));
  storage.make_folder("/folder");
  const Cid file = file_of(1, 2);
  const Cid folder = tree.folder({});
  const std::vector<std::pair<Cid, std::string>> cases = {{file, "/victim"}, {folder, "/folder"}};
  for (const auto& [root, target] : cases) {
    storage.make_link(target, "/out/t");
    EXPECT_EQ(get(root), ErrorCode::exists);
    EXPECT_EQ(storage.read_link("/out/t"), target);
    EXPECT_EQ(get(root, true), kDone) << message;
    EXPECT_NE(kind("/out/t"), FileKind::symlink);
    storage.remove("/out/t");
  }
  EXPECT_TRUE(read("/victim") == content_of(1, 2));
  EXPECT_EQ(kind("/folder"), FileKind::folder);
}

TEST_F(Downloads, B8_a_time_that_no_clock_tells_does_no_harm) {
  constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max();
  const WallTime began = host.system().clock.wall_now();
  const auto at = [](std::int64_t seconds) {
    return UnixfsMetadata{.mtime = UnixfsTime{.seconds = seconds, .nanos = 999'999'999}};
  };
  const Cid root = tree.folder({{"after", tree.symlink("x", at(kEver))},
                                {"before", file_of(1, 1, at(-kEver))},
                                {"sub", tree.folder({}, at(kEver / 1'000'000'000))}});
  EXPECT_EQ(get(root), kDone) << message;
  EXPECT_GT(storage.info("/out/t/after")->mtime, began);
  EXPECT_LT(storage.info("/out/t/before")->mtime, began);
  EXPECT_GT(storage.info("/out/t/sub")->mtime, began);
}

TEST_F(Downloads, K1_K3_nothing_of_a_hostile_tree_gets_a_name) {
  const Cid leaf = tree.raw(chunk(1));
  const Cid cbor = tree.add(Codec::dag_cbor, {0xa0});
  const std::vector<std::pair<Cid, ErrorCode>> cases = {
      {tree.folder({{"..", leaf}}), ErrorCode::malformed},
      {tree.folder({{"a/b", leaf}}), ErrorCode::malformed},
      {tree.folder({{"x", tree.symlink("/etc")}, {"x", tree.folder({{"passwd", leaf}})}}),
       ErrorCode::malformed},
      {tree.file({{leaf, kChunk + 1}}), ErrorCode::malformed},
      {tree.file({{leaf, kChunk - 1}}), ErrorCode::malformed},
      {tree.file({{tree.folder({}), 1}}), ErrorCode::malformed},
      {tree.folder({{"c", cbor}}), ErrorCode::unsupported},
      {cbor, ErrorCode::unsupported}};
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(get(cases[i].first), cases[i].second) << i;
    EXPECT_EQ(kind("/out/t"), FileKind::other) << i;
    EXPECT_FALSE(storage.info("/etc")) << i;
    EXPECT_FALSE(storage.info("/a")) << i;
  }
}

}  // namespace
}  // namespace shoal::content
