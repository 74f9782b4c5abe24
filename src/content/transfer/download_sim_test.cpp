#include "content/transfer/download.h"

#include <gtest/gtest.h>

#include <limits>

#include "content/transfer/test_tree.h"
#include "system/sim/world.h"

namespace shoal::content {
namespace {

constexpr std::size_t kChunk = 64 * 1024;

Bytes chunk(int number, std::size_t bytes = kChunk) {
  Bytes out(bytes);
  std::uint32_t state = static_cast<std::uint32_t>(number) * 2654435761U + 1;
  for (std::uint8_t& byte : out) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return out;
}

/// Gives what the tree has, and counts.
class TreeSession final : public Session {
 public:
  TreeSession(System& system, const TestTree& tree) : system_(system), tree_(tree) {}
  void add_peer(const PeerId&) override {}
  Task<Block> fetch(Cid cid) override {
    const auto found = tree_.blocks.find(cid);
    if (found == tree_.blocks.end() || fetched.size() >= most) {
      // All else that can be done is done by then.
      co_await system_.clock.sleep_for(1s);
      throw Error(ErrorCode::not_found, "nobody has it");
    }
    fetched.push_back(cid);
    if (pause != Duration::zero()) {
      ++asked;
      co_await system_.clock.sleep_for(asked * pause);
    }
    co_return Block{cid, SharedBytes(found->second)};
  }
  const SessionCounts& counts() const override { return counts_; }
  std::size_t live_peers() const override { return 1; }

  std::vector<Cid> fetched;
  std::size_t most = std::numeric_limits<std::size_t>::max();
  Duration pause{};  // each comes so much later than the one before
  int asked = 0;

 private:
  System& system_;
  const TestTree& tree_;
  const SessionCounts counts_;
};

class NoBitswap final : public Bitswap {
 public:
  std::unique_ptr<Session> session() override { return nullptr; }
  void offer(const Multihash&) override {}
  void when_bad_peer(std::function<void(const BadPeer&)>) override {}
  void when_sent(std::function<void(const Sent&)>) override {}
  Task<void> stop() override { co_return; }
};

class Downloads : public ::testing::Test {
 protected:
  explicit Downloads(std::uint64_t disk_bytes = std::uint64_t{1} << 40)
      : host(world.add_host({.disk_bytes = disk_bytes})),
        storage(host.system().storage),
        session(host.system(), tree) {
    storage.make_folder("/home");
    storage.make_folder("/out");
    store = std::make_unique<BlockStore>(host.system(), "/home");
  }
  ~Downloads() override { world.run(store->stop()); }

  /// How it failed, if it did.
  std::optional<ErrorCode> get(const Cid& cid, bool replace = false, std::string name = "t") {
    session.fetched.clear();
    Download download(host.system(), *store, bitswap, session, cid,
                      {.folder = "/out", .name = std::move(name), .replace = replace});
    const auto error = world.run(error_of(download.run()));
    counts = download.counts();
    if (!error) return std::nullopt;
    message = error->message();
    return error->code();
  }
  Bytes read(const std::string& path) {
    const auto file = storage.open(path, Access::read);
    Bytes bytes(file->info().size);
    file->read_at(0, bytes);
    return bytes;
  }
  void write(const std::string& path, ByteView bytes, std::uint64_t at = 0) {
    storage.open(path, Access::create)->write_at(at, bytes);
  }
  /// The names beside the target and the target itself.
  std::vector<std::string> names(const std::string& folder = "/out") {
    std::vector<std::string> out;
    for (const FolderEntry& entry : storage.list(folder)) out.push_back(entry.name);
    return out;
  }
  std::string partial() {
    for (const std::string& name : names()) {
      if (name.ends_with(".shoal")) return "/out/" + name;
    }
    ADD_FAILURE() << "there is no partial tree";
    return "/out/none";
  }
  FileKind kind(const std::string& path) {
    const auto info = storage.info(path);
    return info ? info->kind : FileKind::other;
  }
  Cid file_of(int first, int count, UnixfsMetadata metadata = {}) {
    TestTree::Parts parts;
    for (int i = 0; i < count; ++i) parts.emplace_back(tree.raw(chunk(first + i)), kChunk);
    return tree.file(parts, metadata);
  }
  Bytes content_of(int first, int count) {
    Bytes out;
    for (int i = 0; i < count; ++i) append(out, chunk(first + i));
    return out;
  }
  bool fetched(const Cid& cid) {
    return std::ranges::find(session.fetched, cid) != session.fetched.end();
  }

  sim::World world;
  sim::Host& host;
  Storage& storage;
  TestTree tree;
  TreeSession session;
  NoBitswap bitswap;
  std::unique_ptr<BlockStore> store;
  DownloadCounts counts;
  std::string message;
};

const std::vector<std::string> kOnlyTarget = {"t"};
constexpr std::optional<ErrorCode> kDone = std::nullopt;

// --- what is asked for comes ----------------------------------------------------------------

TEST_F(Downloads, brings_a_tree_of_everything) {
  const Cid root = tree.folder({{"big", file_of(1, 5)},
                                {"empty", tree.raw({})},
                                {"legacy", tree.wrapped(as_bytes("old"), UnixfsType::raw)},
                                {"link", tree.symlink("/etc/passwd")},
                                {"none", tree.folder({})},
                                {"sub", tree.folder({{"note", tree.raw(to_bytes("a note"))}})}});
  EXPECT_EQ(get(root), kDone);
  EXPECT_EQ(names(), kOnlyTarget);
  EXPECT_EQ(read("/out/t/big"), content_of(1, 5));
  EXPECT_TRUE(read("/out/t/empty").empty());
  EXPECT_EQ(as_text(read("/out/t/legacy")), "old");
  EXPECT_EQ(storage.read_link("/out/t/link"), "/etc/passwd");
  EXPECT_TRUE(names("/out/t/none").empty());
  EXPECT_EQ(as_text(read("/out/t/sub/note")), "a note");
  EXPECT_EQ(counts.files, 5U);
}

TEST_F(Downloads, brings_an_empty_file_and_an_empty_folder) {
  EXPECT_EQ(get(tree.raw({}), false, "raw"), kDone);
  EXPECT_EQ(get(tree.file({}), false, "node"), kDone);
  EXPECT_EQ(get(tree.folder({}), false, "folder"), kDone);
  EXPECT_EQ(names(), (std::vector<std::string>{"folder", "node", "raw"}));
  EXPECT_EQ(kind("/out/folder"), FileKind::folder);
  EXPECT_EQ(storage.info("/out/node")->size, 0U);
}

TEST_F(Downloads, takes_the_longest_name) {
  const std::string longest(255, 'n');
  session.most = 2;
  EXPECT_EQ(get(file_of(1, 3), false, longest), ErrorCode::not_found);
  EXPECT_LE(partial().size(), std::string("/out/").size() + 255);
  session.most = 100;
  EXPECT_EQ(get(file_of(1, 3), false, longest), kDone);
  EXPECT_EQ(names(), std::vector<std::string>{longest});
}

TEST_F(Downloads, zeros_stay_a_hole_and_are_not_fetched) {
  const Bytes zeros(kChunk);
  const Cid zero = tree.raw(zeros);
  const Cid root = tree.file({{zero, kChunk}, {tree.raw(chunk(1)), kChunk}, {zero, kChunk}});
  EXPECT_EQ(get(root), kDone);
  EXPECT_FALSE(fetched(zero));
  EXPECT_EQ(storage.info("/out/t")->size, 3 * kChunk);
  EXPECT_EQ(host.disk().content("/out/t").page_count(), kChunk / sim::Content::kPageBytes);
  EXPECT_TRUE(equal(ByteView(read("/out/t")).subspan(kChunk, kChunk), chunk(1)));
}

TEST_F(Downloads, zeros_of_an_odd_length_are_fetched_and_stay_a_hole) {
  const Cid zero = tree.raw(Bytes(5000));
  EXPECT_EQ(get(tree.file({{zero, 5000}, {tree.raw(chunk(1, 10)), 10}})), kDone);
  EXPECT_TRUE(fetched(zero));
  EXPECT_EQ(host.disk().content("/out/t").page_count(), 1U);
}

// --- a second run ---------------------------------------------------------------------------

TEST_F(Downloads, goes_on_where_it_was_and_mends_what_is_damaged) {
  const Cid root = file_of(1, 6);
  session.most = 5;
  EXPECT_EQ(get(root), ErrorCode::not_found);
  EXPECT_EQ(kind("/out/t"), FileKind::other);
  write(partial(), as_bytes("damage"), kChunk + 100);
  session.most = 100;
  EXPECT_EQ(get(root), kDone);
  EXPECT_TRUE(read("/out/t") == content_of(1, 6));
  EXPECT_EQ(names(), kOnlyTarget);
  EXPECT_TRUE(fetched(Cid::v1(Codec::raw, Multihash::sha2_256(chunk(2)))));
  EXPECT_EQ(session.fetched.size(), 3U);  // two that never came, and the damaged one
}

TEST_F(Downloads, goes_on_with_legacy_leaves) {
  TestTree::Parts parts;
  for (int i = 1; i <= 4; ++i) parts.emplace_back(tree.wrapped(chunk(i)), kChunk);
  const Cid root = tree.file(parts);
  session.most = 3;
  EXPECT_EQ(get(root), ErrorCode::not_found);
  session.most = 100;
  EXPECT_EQ(get(root), kDone);
  EXPECT_EQ(session.fetched.size(), 2U);
  EXPECT_TRUE(read("/out/t") == content_of(1, 4));
}

TEST_F(Downloads, goes_on_over_files_and_folders_that_nobody_may_change) {
  const UnixfsMetadata locked{.mode = 0444};
  const UnixfsMetadata closed{.mode = 0111};
  const Cid root = tree.folder({{"a", tree.folder({{"read-only", file_of(1, 2, locked)}}, closed)},
                                {"b", file_of(10, 1, closed)},
                                {"z", file_of(20, 2)}});
  session.most = 1;
  for (int run = 0; run < 20 && get(root); ++run) EXPECT_EQ(message, "nobody has it");
  EXPECT_EQ(names(), kOnlyTarget) << message;
  EXPECT_EQ(storage.info("/out/t/a/read-only")->mode, 0444U);
  EXPECT_EQ(storage.info("/out/t/b")->mode, 0111U);
  EXPECT_EQ(storage.info("/out/t/a")->mode & 0700, 0700U);  // its owner can get rid of it
}

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

// --- the disk -------------------------------------------------------------------------------

TEST_F(Downloads, a_write_that_fails_is_told_and_made_good_later) {
  const Cid root = tree.folder({{"a", file_of(1, 3)}, {"b", tree.raw(chunk(7))}});
  world.faults().set("storage.write", 1);
  EXPECT_EQ(get(root), ErrorCode::io);
  world.faults().set("storage.write", 0);
  EXPECT_EQ(kind("/out/t"), FileKind::other);
  EXPECT_EQ(get(root), kDone) << message;
  EXPECT_EQ(read("/out/t/a"), content_of(1, 3));
  EXPECT_EQ(read("/out/t/b"), chunk(7));
}

TEST_F(Downloads, what_was_there_stays_when_the_new_cannot_be_synced) {
  storage.make_folder("/out/t");
  write("/out/t/old", as_bytes("old"));
  const Cid root = tree.folder({{"new", tree.raw(to_bytes("new"))}});
  world.faults().set("storage.sync", 1);
  EXPECT_EQ(get(root, true), ErrorCode::io);
  world.faults().set("storage.sync", 0);
  EXPECT_EQ(as_text(read("/out/t/old")), "old");
}

TEST_F(Downloads, a_sync_that_failed_is_tried_again_and_told_at_the_end) {
  // Slow enough for several syncs.
  const Cid root = file_of(1, 12);
  session.pause = 500ms;
  world.after(1s, [this] { world.faults().set("storage.sync", 1); });
  world.after(3s, [this] { world.faults().set("storage.sync", 0); });
  EXPECT_EQ(get(root), ErrorCode::io);
  EXPECT_NE(message.find("lost"), std::string::npos) << message;
  EXPECT_EQ(kind("/out/t"), FileKind::other);
  EXPECT_EQ(session.fetched.size(), 13U);
  EXPECT_GT(world.faults().points().at("storage.sync").asked, 2U);
  EXPECT_EQ(get(root), kDone) << message;
  EXPECT_TRUE(session.fetched.empty());
  EXPECT_EQ(read("/out/t"), content_of(1, 12));
}

TEST_F(Downloads, what_was_not_synced_is_not_trusted_after_a_loss_of_power) {
  const Cid small = tree.raw(to_bytes("small"));
  const Cid root = tree.folder({{"a", file_of(1, 2)}, {"s", small}, {"z", tree.raw(chunk(9))}});
  session.most = 5;  // all but the last file, which fails before a sync
  EXPECT_EQ(get(root), ErrorCode::not_found);
  store->commit();
  for (const std::string name : {"/a", "/s"}) {
    host.disk().rot(partial() + name, 1);  // as the disk may, without a trace in its stamp
  }
  EXPECT_EQ(world.run(store->get(small.hash())), std::nullopt);
  EXPECT_EQ(world.run(store->get(Multihash::sha2_256(chunk(1)))), std::nullopt);
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

// --- what is at the place already -----------------------------------------------------------

TEST_F(Downloads, what_is_there_already_costs_nothing) {
  const Cid root = tree.folder({{"f", file_of(1, 3)}, {"l", tree.symlink("f")}});
  EXPECT_EQ(get(root), kDone);
  EXPECT_EQ(get(root), kDone);
  EXPECT_TRUE(session.fetched.empty());
  EXPECT_EQ(names(), kOnlyTarget);
}

TEST_F(Downloads, what_differs_is_left_alone_unless_it_is_to_be_replaced) {
  const Cid file = file_of(1, 3);
  const Cid root = tree.folder({{"f", file}, {"l", tree.symlink("f")}});
  ASSERT_EQ(get(root), kDone);
  const std::vector<std::function<void()>> changes = {
      [&] { write("/out/t/f", as_bytes("x"), kChunk); },
      [&] { write("/out/t/f", as_bytes("x"), 3 * kChunk); },
      [&] { write("/out/t/more", as_bytes("x")); },
      [&] { storage.remove("/out/t/l"); },
      [&] {
        storage.remove("/out/t/l");
        storage.make_link("elsewhere", "/out/t/l");
      },
      [&] {
        storage.rename("/out/t/f", "/out/f", false);
        storage.make_link("../f", "/out/t/f");
      }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    changes[i]();
    EXPECT_EQ(get(root), ErrorCode::exists) << i;
    EXPECT_EQ(get(root, true), kDone) << i << message;
    EXPECT_TRUE(read("/out/t/f") == content_of(1, 3)) << i;
    EXPECT_EQ(kind("/out/t/f"), FileKind::file) << i;
    EXPECT_EQ(names("/out/t"), (std::vector<std::string>{"f", "l"})) << i;
  }
}

TEST_F(Downloads, anything_can_replace_anything) {
  const std::vector<Cid> roots = {file_of(1, 2), tree.raw(to_bytes("raw")),
                                  tree.folder({{"x", tree.raw(to_bytes("x"))}}),
                                  tree.symlink("/nowhere")};
  for (const Cid& before : roots) {
    for (const Cid& after : roots) {
      EXPECT_EQ(get(before, true), kDone) << message;
      if (before != after) {
        EXPECT_EQ(get(after), ErrorCode::exists);
      }
      EXPECT_EQ(get(after, true), kDone) << message;
      EXPECT_EQ(get(after), kDone) << message;
      EXPECT_EQ(names(), kOnlyTarget);
    }
  }
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

// --- what others say ------------------------------------------------------------------------

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
