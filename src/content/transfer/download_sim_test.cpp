#include "content/transfer/download_testing.h"
#include "content/transfer/partial_tree.h"

namespace shoal::content {
namespace {

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
  EXPECT_EQ(counts.files, 4U);  // a symlink is none
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
  EXPECT_EQ(counts.blocks_resumed, 0U);
  EXPECT_TRUE(store->has(zero.hash()));
  EXPECT_TRUE(bitswap.offered.contains(zero.hash()));
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

TEST_F(Downloads, overwrites_nothing_where_two_names_are_one_to_the_disk) {
  // Such a disk opens what was written under the other name.
  const Cid root = tree.folder({{"NAME", file_of(1, 2)}, {"name", file_of(3, 2)}});
  session.pause = 100ms;
  world.after(150ms, [&] { write(partial() + "/name", as_bytes("other")); });
  EXPECT_EQ(get(root), ErrorCode::io);
  EXPECT_NE(message.find(kOneName), std::string::npos) << message;
  EXPECT_EQ(as_text(read("/out/t/name")), "other");
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

TEST_F(Downloads, keeps_leaves_of_every_kind_nowhere_but_in_their_files) {
  TestTree::Parts parts;
  std::vector<Cid> leaves = {tree.wrapped(chunk(100), UnixfsType::raw), tree.wrapped(chunk(101))};
  for (int i = 0; i < 40; ++i) {
    leaves.push_back(tree.wrapped(chunk(i)));
    parts.emplace_back(leaves.back(), kChunk);
  }
  const Cid root = tree.folder({{"a", tree.file(parts)}, {"b", leaves[0]}, {"c", leaves[1]}});
  const std::uint64_t before = store->index_bytes();
  EXPECT_EQ(get(root), kDone);
  EXPECT_LT(store->index_bytes(), before + 6 * kChunk);
  const auto all_served = [&] {
    for (const Cid& leaf : leaves) {
      const auto block = world.run(store->get(leaf.hash()));
      ASSERT_TRUE(block && leaf.hash().matches(block->view())) << leaf.to_string();
    }
  };
  all_served();
  // The same when only the files are left.
  world.run(store->stop());
  store.reset();
  for (const char* suffix : {"", kIndexWalSuffix})
    storage.remove(std::string("/home/index.db") + suffix);
  store = std::make_unique<BlockStore>(host.system(), "/home");
  EXPECT_EQ(get(root), kDone);
  EXPECT_EQ(read("/out/t/c"), chunk(101));
  all_served();
}

TEST_F(Downloads, serves_the_legacy_leaves_that_a_second_run_finds) {
  TestTree::Parts parts;
  for (int i = 1; i <= 4; ++i) parts.emplace_back(tree.wrapped(chunk(i)), kChunk);
  const Cid root = tree.file(parts);
  session.most = 3;
  EXPECT_EQ(get(root), ErrorCode::not_found);
  world.run(store->stop());
  store.reset();
  for (const char* suffix : {"", kIndexWalSuffix})
    storage.remove(std::string("/home/index.db") + suffix);
  store = std::make_unique<BlockStore>(host.system(), "/home");
  session.most = 100;
  EXPECT_EQ(get(root), kDone);
  EXPECT_EQ(session.fetched.size(), 3U);  // the root and two leaves
  for (const auto& [leaf, bytes] : parts) EXPECT_TRUE(store->has(leaf.hash()));
}

TEST_F(Downloads, tells_waiting_peers_what_a_second_run_finds) {
  const Cid small = tree.raw(to_bytes("small"));
  const Cid root = tree.folder({{"a", small}, {"b", file_of(1, 4)}});
  session.most = 5;
  EXPECT_EQ(get(root), ErrorCode::not_found);
  bitswap.offered.clear();
  session.most = 1;
  get(root);
  EXPECT_TRUE(bitswap.offered.contains(small.hash()));
  EXPECT_TRUE(bitswap.offered.contains(Multihash::sha2_256(chunk(1))));
}

TEST_F(Downloads, fetches_a_root_that_is_a_legacy_leaf_once) {
  const Cid root = tree.wrapped(chunk(1));
  EXPECT_EQ(get(root), kDone);
  EXPECT_EQ(session.fetched.size(), 1U);
  EXPECT_EQ(counts.blocks_resumed, 0U);
  EXPECT_TRUE(store->has(root.hash()));
  EXPECT_EQ(read("/out/t"), chunk(1));
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
  // What was lost read as written, and was fetched again all the same; the rest was not.
  EXPECT_FALSE(session.fetched.empty());
  EXPECT_LT(session.fetched.size(), 12U);
  host.crash();
  Bytes there(12 * kChunk);
  host.disk().content("/out/t").read(0, there);
  EXPECT_TRUE(there == content_of(1, 12));
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

}  // namespace
}  // namespace shoal::content
