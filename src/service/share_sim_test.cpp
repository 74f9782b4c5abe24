#include "service/share.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/swarm_testing.h"
#include "service/done.h"
#include "service/reader.h"
#include "system/timeout.h"

namespace shoal::service {
namespace {

using net::testing::failure_of;
using net::testing::pattern_bytes;
using net::testing::TestNet;
using net::testing::TestNode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kMegabyte = 1 << 20;

/// A node with content.
struct SharingNode {
  explicit SharingNode(TestNode& its_node)
      : node(its_node),
        store(node.system, home(node.system)),
        bitswap(content::Bitswap::make(node.system, node.swarm, store)),
        done_listener(node.system, node.swarm) {}
  ~SharingNode() { node.host.world().run(stop()); }

  static std::string home(System& system) {
    system.storage.make_folder("/home");
    return "/home";
  }
  Task<void> stop() {
    co_await bitswap->stop();
    co_await node.swarm.stop();
    co_await store.stop();
  }
  void write(const std::string& path, const Bytes& bytes) {
    const auto file = node.system.storage.open(path, Access::create);
    if (!bytes.empty()) file->write_at(0, bytes);
  }
  Multiaddr address() const { return node.address().with_peer(node.id); }
  Context context() { return {node.system, node.swarm, store, *bitswap, routing}; }

  TestNode& node;
  content::BlockStore store;
  std::unique_ptr<content::Bitswap> bitswap;
  routing::Routing routing{node.system, node.swarm};
  DoneListener done_listener;
};

/// One who shares a small tree, and one who looks into it.
class Sharing : public ::testing::Test {
 protected:
  Sharing()
      : share(sharer.context(), sharer.done_listener),
        reader(guest.context(), Origin{{sharer.address()}}) {
    share.when_sent([this](const SentToPeer& sent) { told.push_back(sent); });
  }
  ~Sharing() override { net.world.run(share.stop()); }

  void share_tree() {
    Storage& storage = sharer.node.system.storage;
    storage.make_folder("/tree");
    storage.make_folder("/tree/docs");
    sharer.write("/tree/big", big);
    sharer.write("/tree/docs/note", to_bytes("a note"));
    sharer.write("/tree/docs/empty", {});
    storage.make_link("docs/note", "/tree/shortcut");
    result = net.world.run(share.index({"/tree"}, {}));
  }
  Link link(std::vector<std::string> path = {}) {
    Link out = share.link({sharer.address()});
    out.path = std::move(path);
    return out;
  }
  Cid resolve(std::vector<std::string> path) { return net.world.run(reader.resolve(link(path))); }
  Bytes read(Cid cid, std::uint64_t offset = 0, std::optional<std::uint64_t> length = {}) {
    Bytes out;
    const auto keep = [&out](ByteView piece) {
      append(out, piece);
      return done();
    };
    net.world.run(reader.read(cid, offset, length, keep));
    return out;
  }
  static Task<void> done() { co_return; }
  std::vector<std::string> list(bool recursive) {
    std::vector<std::string> out;
    net.world.run(reader.list(result->root, recursive, [&out](const Listed& entry) {
      out.push_back(entry.path + " " + std::to_string(static_cast<int>(entry.kind)));
      return done();
    }));
    return out;
  }

  TestNet net;
  SharingNode sharer{net.add()};
  SharingNode guest{net.add()};
  Share share;
  Reader reader;
  const Bytes big = pattern_bytes(20 * kMegabyte + 12'345);
  std::optional<content::ImportResult> result;
  std::vector<SentToPeer> told;
};

TEST_F(Sharing, a_link_names_the_root_and_eight_addresses) {
  share_tree();
  EXPECT_EQ(share.link({sharer.address()}).providers.size(), 1U);
  EXPECT_EQ(link().cid, result->root);
  EXPECT_EQ(link().filename, "tree");
}

TEST_F(Sharing, a_path_leads_to_what_it_names) {
  share_tree();
  EXPECT_EQ(as_text(read(resolve({"docs", "note"}))), "a note");
  EXPECT_TRUE(read(resolve({"docs", "empty"})).empty());
}

TEST_F(Sharing, a_path_that_leads_nowhere_says_where_it_ends) {
  share_tree();
  const auto failure = [&](std::vector<std::string> path) {
    return net.world.run(failure_of(reader.resolve(link(path))));
  };
  const auto missing = failure({"docs", "none", "deeper"});
  ASSERT_TRUE(missing.has_value());
  EXPECT_EQ(missing->code(), ErrorCode::not_found);
  EXPECT_EQ(missing->subject(), "docs/none");
  const auto file = failure({"docs", "note", "x"});
  ASSERT_TRUE(file.has_value());
  EXPECT_THAT(file->message(), HasSubstr("is a file"));
  const auto symlink = failure({"shortcut", "x"});
  ASSERT_TRUE(symlink.has_value());
  EXPECT_THAT(symlink->message(), HasSubstr("symlink"));
}

TEST_F(Sharing, lists_in_order_of_names) {
  share_tree();
  EXPECT_THAT(list(false), ElementsAre("big 0", "docs 1", "shortcut 2"));
  EXPECT_THAT(list(true),
              ElementsAre("big 0", "docs 1", "docs/empty 0", "docs/note 0", "shortcut 2"));
}

TEST_F(Sharing, reads_any_range_and_fetches_no_more_than_it_needs) {
  share_tree();
  const Cid cid = resolve({"big"});
  EXPECT_EQ(read(cid), big);
  const std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges = {{0, 1},
                                                                       {kMegabyte - 1, 2},
                                                                       {5 * kMegabyte, kMegabyte},
                                                                       {big.size() - 3, 100},
                                                                       {big.size(), 10},
                                                                       {UINT64_MAX, UINT64_MAX},
                                                                       {7, 0}};
  for (const auto& [offset, length] : ranges) {
    const std::size_t from = std::min<std::size_t>(offset, big.size());
    const std::size_t count = std::min<std::size_t>(length, big.size() - from);
    const std::uint64_t before = share.bytes_sent();
    EXPECT_TRUE(equal(read(cid, offset, length), ByteView(big).subspan(from, count))) << offset;
    EXPECT_LE(share.bytes_sent() - before, count + 2 * kMegabyte) << offset;
  }
}

TEST_F(Sharing, refuses_to_read_a_folder) {
  share_tree();
  const auto failure = net.world.run(
      failure_of(reader.read(result->root, 0, std::nullopt, [](ByteView) { return done(); })));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::usage);
}

TEST_F(Sharing, counts_a_tree_by_its_interior_nodes) {
  share_tree();
  const Stat stat = net.world.run(reader.stat(result->root));
  EXPECT_EQ(stat.kind, EntryKind::folder);
  EXPECT_EQ(stat.bytes, big.size() + 6);
  EXPECT_EQ(stat.files, 3U);  // a symlink is none
  EXPECT_EQ(stat.folders, 2U);
  EXPECT_EQ(stat.blocks, 27U);      // 21 leaves and a root, two folders, a note, nothing, a symlink
  EXPECT_EQ(stat.blocks_held, 1U);  // what is empty needs nobody
  EXPECT_LT(share.bytes_sent(), 10'000U);
  Reader at_home(sharer.context(), {});
  const Stat held = net.world.run(at_home.stat(result->root));
  EXPECT_EQ(held.blocks_held, held.blocks);
}

TEST_F(Sharing, reader_without_provider_waits_for_one) {
  share_tree();
  Reader lonely(guest.context(), {});
  Clock& clock = guest.node.system.clock;
  const auto failure =
      net.world.run(failure_of(within(clock, 60s, lonely.stat(result->root), "nobody")));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::timeout);
  guest.node.connect(sharer.node);
  EXPECT_EQ(net.world.run(lonely.stat(result->root)).files, 3U);
}

/// What is remembered is not answered for.
TEST_F(Sharing, stopped_share_is_not_served_by_the_next) {
  share_tree();
  const Link first = link();
  const Cid note = resolve({"docs", "note"});
  net.world.run(share.stop());
  sharer.write("/other", to_bytes("something else"));
  Share next(sharer.context(), sharer.done_listener);
  net.world.run(next.index({"/other"}, {}));

  SharingNode stranger{net.add()};
  Reader asks(stranger.context(), Origin{{sharer.address()}});
  for (const Cid& cid : {first.cid, note}) {
    EXPECT_TRUE(sharer.store.has(cid.hash())) << "it would not be remembered";
    const auto failure = net.world.run(failure_of(asks.stat(cid)));
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(failure->code(), ErrorCode::not_found);
  }
  EXPECT_EQ(net.world.run(asks.stat(next.link({}).cid)).bytes, 14U);
  net.world.run(next.stop());
}

/// Kubo and others ask for the block of an empty file as for any other.
TEST_F(Sharing, the_block_of_an_empty_file_is_served) {
  sharer.write("/empty", {});
  net.world.run(share.index({"/empty"}, {}));
  const auto session = guest.bitswap->session();
  session->add_peer(sharer.node.id);
  guest.node.swarm.peers().add_address(sharer.node.id, sharer.node.address(),
                                       net::AddressSource::given_by_user, 1h);
  const Cid empty = link().cid;
  EXPECT_EQ(empty, Cid::v1(Codec::raw, Multihash::sha2_256({})));
  const content::Block block = net.world.run(session->fetch(empty));
  EXPECT_TRUE(block.bytes.empty());
}

TEST_F(Sharing, excluded_file_of_an_earlier_share_is_not_served) {
  share_tree();
  const Cid note = resolve({"docs", "note"});
  net.world.run(share.stop());
  Share next(sharer.context(), sharer.done_listener);
  net.world.run(next.index({"/tree"}, {.exclude = {"note"}, .name = {}}));
  const auto session = guest.bitswap->session();
  session->add_peer(sharer.node.id);
  guest.node.swarm.peers().add_address(sharer.node.id, sharer.node.address(),
                                       net::AddressSource::given_by_user, 1h);
  const auto failure = net.world.run(failure_of(session->fetch_root(note)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::not_found);
  net.world.run(next.stop());
}

TEST_F(Sharing, finds_its_way_in_a_sharded_folder) {
  Storage& storage = sharer.node.system.storage;
  storage.make_folder("/many");
  for (int i = 0; i < 6000; ++i) {
    sharer.write("/many/a file with a rather long name " + std::to_string(i),
                 to_bytes(std::to_string(i)));
  }
  result = net.world.run(share.index({"/many"}, {}));
  EXPECT_EQ(as_text(read(resolve({"a file with a rather long name 4711"}))), "4711");
  EXPECT_TRUE(net.world.run(failure_of(reader.resolve(link({"none"})))).has_value());
  const auto names = list(false);
  EXPECT_EQ(names.size(), 6000U);
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_EQ(net.world.run(reader.stat(result->root)).files, 6000U);
}

TEST_F(Sharing, E10_a_receiver_that_says_so_is_complete_once_until_it_was_sent_more) {
  share_tree();
  const auto say = [this] {
    net.world.run(tell_done(guest.node.system, guest.node.swarm, sharer.node.id, result->root));
  };
  read(resolve({"docs", "note"}));
  for (int times = 0; times < 3; ++times) say();
  EXPECT_EQ(share.complete_downloads(), 1U);
  read(resolve({"big"}));
  say();
  EXPECT_EQ(share.complete_downloads(), 2U);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_TRUE(told.front().complete);
  EXPECT_EQ(told.front().peer, guest.node.id);
  EXPECT_GT(told.front().bytes, 0U);
}

TEST_F(Sharing, a_word_about_something_else_counts_nothing) {
  share_tree();
  read(resolve({"docs", "note"}));
  const Cid other = Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes("other")));
  net.world.run(tell_done(guest.node.system, guest.node.swarm, sharer.node.id, other));
  EXPECT_EQ(share.complete_downloads(), 0U);
}

TEST_F(Sharing, one_that_was_sent_every_block_is_complete_without_a_word) {
  share_tree();
  for (const auto& path : std::vector<std::vector<std::string>>{{"big"}, {"docs", "note"}}) {
    read(resolve(path));
  }
  list(true);
  EXPECT_EQ(share.complete_downloads(), 0U);
  net.world.run_for(3s);
  EXPECT_EQ(share.complete_downloads(), 1U);
  net.world.run(tell_done(guest.node.system, guest.node.swarm, sharer.node.id, result->root));
  EXPECT_EQ(share.complete_downloads(), 1U);
}

/// Shares anew what the sharer's store holds.
class SharingAgain : public Sharing {
 protected:
  SharingAgain() {
    share_tree();
    again.when_sent([this](const SentToPeer& sent) { told_again.push_back(sent); });
    net.world.run(again.adopt(result->root));
  }
  ~SharingAgain() override { net.world.run(again.stop()); }

  Share again{sharer.context(), sharer.done_listener};
  std::vector<SentToPeer> told_again;
};

TEST_F(SharingAgain, counts_what_was_held_already_as_if_it_had_been_indexed) {
  EXPECT_EQ(again.link({sharer.address()}).cid, result->root);
  read(resolve({"big"}));
  read(resolve({"docs", "note"}));
  list(true);
  net.world.run_for(3s);
  EXPECT_EQ(again.complete_downloads(), 1U);
  ASSERT_EQ(told_again.size(), 1U);
  EXPECT_TRUE(told_again.front().complete);
  EXPECT_GT(told_again.front().bytes, big.size());
}

/// A second share of the same node, which has one file in common with the first.
class TwoShares : public Sharing {
 protected:
  TwoShares() {
    share_tree();
    Storage& storage = sharer.node.system.storage;
    storage.make_folder("/more");
    sharer.write("/more/alone", alone);
    sharer.write("/more/note", to_bytes("a note"));
    second_root = net.world.run(second.index({"/more"}, {})).root;
  }
  ~TwoShares() override { net.world.run(second.stop()); }

  Cid resolve_second(std::vector<std::string> path) {
    Link link = second.link({sharer.address()});
    link.path = std::move(path);
    return net.world.run(reader.resolve(link));
  }
  void say_done(Cid root) {
    net.world.run(tell_done(guest.node.system, guest.node.swarm, sharer.node.id, std::move(root)));
  }

  const Bytes alone = pattern_bytes(3 * kMegabyte + 7, 1);
  Share second{sharer.context(), sharer.done_listener};
  std::optional<Cid> second_root;
};

TEST_F(TwoShares, each_counts_its_own_blocks_and_downloads) {
  read(resolve_second({"alone"}));
  EXPECT_EQ(share.bytes_sent(), 0U);
  EXPECT_GT(second.bytes_sent(), alone.size());
  EXPECT_LT(second.bytes_sent(), alone.size() + 1000);
  say_done(*second_root);
  EXPECT_EQ(share.complete_downloads(), 0U);
  EXPECT_EQ(second.complete_downloads(), 1U);
  const std::uint64_t before = second.bytes_sent();
  read(resolve({"big"}));
  say_done(result->root);
  EXPECT_EQ(second.bytes_sent(), before);
  EXPECT_GT(share.bytes_sent(), big.size());
  EXPECT_EQ(share.complete_downloads(), 1U);
  EXPECT_EQ(second.complete_downloads(), 1U);
}

TEST_F(TwoShares, a_block_in_both_counts_for_both) {
  const Cid note = resolve({"docs", "note"});
  const std::uint64_t before = share.bytes_sent();
  read(note);
  EXPECT_EQ(share.bytes_sent() - before, 6U);
  EXPECT_EQ(second.bytes_sent(), 6U);
}

TEST_F(TwoShares, stopping_one_leaves_the_other_counting) {
  net.world.run(second.stop());
  read(resolve({"docs", "note"}));
  say_done(result->root);
  EXPECT_EQ(share.complete_downloads(), 1U);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told.front().complete);
  net.world.run(share.stop());
  EXPECT_EQ(sharer.node.swarm.protocols().find(kDoneProtocol), nullptr);
}

TEST_F(TwoShares, a_file_that_is_missing_is_told_by_its_share) {
  std::vector<std::string> missed;
  std::vector<std::string> missed_of_second;
  share.when_missed([&](const std::string& path) { missed.push_back(path); });
  second.when_missed([&](const std::string& path) { missed_of_second.push_back(path); });
  const Cid cid = resolve_second({"alone"});
  sharer.node.system.storage.remove("/more/alone");
  const auto leaf = [&]() -> Task<void> {
    return within(net.world.host(1).system().clock, 5s,
                  reader.read(cid, 0, std::nullopt, [](ByteView) { return done(); }), "reading");
  };
  EXPECT_TRUE(net.world.run(failure_of(leaf())).has_value());
  EXPECT_THAT(missed, IsEmpty());
  EXPECT_THAT(missed_of_second, ElementsAre("/more/alone"));
}

TEST_F(TwoShares, what_is_being_sent_is_told_by_share) {
  std::size_t leaving = 0;
  std::size_t leaving_of_second = 0;
  const Cid cid = resolve_second({"alone"});
  TaskGroup tasks(guest.node.system.waits, "reading");
  tasks.spawn(reader.read(cid, 0, std::nullopt, [](ByteView) { return done(); }));
  for (int look = 0; look < 1000 && leaving_of_second == 0; ++look) {
    net.world.run_for(1ms);
    leaving = std::max<std::size_t>(leaving, share.bytes_leaving());
    leaving_of_second = second.bytes_leaving();
  }
  EXPECT_EQ(leaving, 0U);
  EXPECT_GT(leaving_of_second, 0U);
  EXPECT_LE(leaving_of_second, alone.size());
  net.world.run(tasks.join());
}

TEST_F(Sharing, tells_of_one_that_leaves_with_a_part) {
  share_tree();
  read(resolve({"docs", "note"}));
  guest.node.swarm.disconnect(sharer.node.id);
  net.world.run_for(1s);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_FALSE(told.front().complete);
  EXPECT_GT(told.front().bytes, 0U);
  EXPECT_EQ(share.complete_downloads(), 0U);
}

TEST_F(Sharing, telling_one_who_is_not_connected_does_nothing) {
  share_tree();
  const TimePoint begin = net.world.now();
  net.world.run(tell_done(guest.node.system, guest.node.swarm, sharer.node.id, result->root));
  EXPECT_EQ(net.world.now(), begin);
}

}  // namespace
}  // namespace shoal::service
