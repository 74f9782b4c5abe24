#include "service/get.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "content/transfer/test_tree.h"
#include "net/swarm_testing.h"
#include "service/done.h"
#include "system/task_group.h"

namespace shoal::service {
namespace {

using net::testing::failure_of;
using net::testing::pattern_bytes;
using net::testing::TestNet;
using net::testing::TestNode;
using ::testing::ElementsAre;

constexpr std::size_t kChunk = 256 * 1024;

/// A node with content.
struct Holder {
  explicit Holder(TestNode& its_node)
      : node(its_node),
        store(node.system, home(node.system)),
        bitswap(content::Bitswap::make(node.system, node.swarm, store)) {}
  ~Holder() { node.host.world().run(stop()); }

  static std::string home(System& system) {
    system.storage.make_folder("/home");
    return "/home";
  }
  Task<void> stop() {
    co_await bitswap->stop();
    co_await node.swarm.stop();
    co_await store.stop();
  }
  void hold(const content::TestTree& tree) {
    for (const auto& [cid, block] : tree.blocks) {
      store.put(cid.hash(), block);
      served->add(cid.hash());
    }
  }
  Multiaddr address() const { return node.address().with_peer(node.id); }
  Context context() { return {node.system, node.swarm, store, *bitswap, routing}; }

  TestNode& node;
  content::BlockStore store;
  std::unique_ptr<content::Bitswap> bitswap;
  routing::Routing routing{node.system, node.swarm};
  std::unique_ptr<content::ServedBlocks::Scope> served = bitswap->served().open();
};

Task<void> note(Task<GetResult> work, std::optional<Error>& how) {
  how = co_await failure_of(std::move(work));
}

Task<void> say_nothing(Clock& clock, net::ProtocolStream stream) {
  co_await clock.sleep_for(1h);
  co_await stream.stream->close_write();
}

/// One who holds whatever blocks it likes, and one who gets a link to them.
struct Gets : ::testing::Test {
  Gets() { storage.make_folder("/out"); }

  Link link(const Cid& cid, std::string filename = "t") {
    return {
        .cid = cid, .path = {}, .filename = std::move(filename), .providers = {sender.address()}};
  }
  std::optional<ErrorCode> get(Link from, bool replace = false) {
    Get work(guest.context(),
             {.link = std::move(from), .output = "/out", .replace = replace, .timeout = 20s});
    const auto error = net.world.run(failure_of(work.run()));
    fetched = work.fetched().blocks_fetched;
    return error ? std::optional(error->code()) : std::nullopt;
  }
  std::vector<std::string> visible() {
    std::vector<std::string> out;
    for (const FolderEntry& entry : storage.list("/out")) {
      if (!entry.name.ends_with(".shoal")) out.push_back(entry.name);
    }
    return out;
  }
  Bytes read(const std::string& path) {
    const auto file = storage.open(path, Access::read);
    Bytes bytes(file->info().size);
    file->read_at(0, bytes);
    return bytes;
  }
  Cid file_of(std::size_t count) {
    content::TestTree::Parts parts;
    for (std::size_t i = 0; i < count; ++i) {
      parts.emplace_back(tree.raw(pattern_bytes(kChunk, i)), kChunk);
    }
    return tree.file(parts);
  }

  TestNet net;
  Holder sender{net.add()};
  Holder guest{net.add()};
  Storage& storage = guest.node.system.storage;
  content::TestTree tree;
  std::uint64_t fetched = 0;
};

constexpr std::optional<ErrorCode> kDone = std::nullopt;

TEST_F(Gets, K2_brings_a_tree_under_the_name_of_the_link_and_nowhere_else) {
  const Cid root = tree.folder({{"f", file_of(4)}, {"l", tree.symlink("../../etc")}});
  sender.hold(tree);
  EXPECT_EQ(get(link(root, "../../x")), kDone);
  EXPECT_THAT(visible(), ElementsAre("x"));
  EXPECT_FALSE(storage.info("/x"));
  EXPECT_EQ(read("/out/x/f").size(), 4 * kChunk);
  EXPECT_EQ(storage.read_link("/out/x/l"), "../../etc");
  EXPECT_EQ(get(link(root, "x")), kDone);
  EXPECT_EQ(fetched, 0U);
}

TEST_F(Gets, K1_a_hostile_tree_ends_with_an_error_and_without_a_name) {
  const Cid leaf = tree.raw(to_bytes("leaf"));
  const std::vector<Cid> roots = {
      tree.folder({{"..", leaf}}),
      tree.folder({{"a/b", leaf}}),
      tree.folder({{"x", tree.symlink("/etc")}, {"x", tree.folder({{"passwd", leaf}})}}),
      tree.shard({{content::TestTree::in_bucket("../y"), leaf}}),
      tree.shard({{"00", tree.folder({})}}),
      tree.file({{leaf, 5}}),
      tree.file({{leaf, 3}})};
  sender.hold(tree);
  for (const Cid& root : roots) {
    EXPECT_EQ(get(link(root)), ErrorCode::malformed) << root.to_string();
    EXPECT_TRUE(visible().empty());
    EXPECT_FALSE(storage.info("/etc"));
    EXPECT_FALSE(storage.info("/y"));
  }
}

TEST_F(Gets, K8_a_file_that_claims_more_than_there_is_room_for_is_refused) {
  const Cid leaf = tree.raw(to_bytes("leaf"));
  const Cid huge = tree.file({{leaf, std::uint64_t{1} << 62}});
  const Cid inside = tree.folder({{"huge", huge}});
  sender.hold(tree);
  EXPECT_EQ(get(link(huge)), ErrorCode::io);
  EXPECT_TRUE(storage.list("/out").empty());
  EXPECT_EQ(get(link(inside)), ErrorCode::io);
  EXPECT_TRUE(visible().empty());
}

// With the codes and lengths of `ipfs add --hash`.
TEST_F(Gets, brings_trees_that_are_hashed_with_other_functions) {
  const std::pair<std::uint64_t, std::size_t> functions[] = {
      {0x11, 20},    // sha1
      {0x13, 64},    // sha2-512
      {0x16, 32},    // sha3-256
      {0x19, 64},    // shake-256
      {0x1b, 32},    // keccak-256
      {0x56, 32},    // dbl-sha2-256
      {0xb220, 32},  // blake2b-256
      {0xb260, 32},  // blake2s-256
  };
  for (const auto& [code, digest_bytes] : functions) {
    tree.hash_code = code;
    tree.digest_bytes = digest_bytes;
    const Cid root = tree.folder({{"f", file_of(3)}, {"w", tree.wrapped(as_bytes("wrapped"))}});
    sender.hold(tree);
    const std::string name = root.hash().function_name();
    EXPECT_EQ(get(link(root, name)), kDone) << name;
    EXPECT_GE(fetched, 3U) << name;
    EXPECT_EQ(read("/out/" + name + "/f").size(), 3 * kChunk) << name;
    EXPECT_EQ(read("/out/" + name + "/w"), to_bytes("wrapped")) << name;
    EXPECT_EQ(get(link(root, name)), kDone) << name;
    EXPECT_EQ(fetched, 0U) << name;
  }
}

TEST_F(Gets, refuses_content_that_does_not_match_a_foreign_hash) {
  tree.hash_code = 0xb220;
  const Cid right = tree.raw(to_bytes("what was meant"));
  tree.blocks.insert_or_assign(right, to_bytes("what was put!!"));
  sender.hold(tree);
  EXPECT_NE(get(link(right)), kDone);
  EXPECT_TRUE(visible().empty());
}

TEST_F(Gets, names_the_hash_function_that_it_cannot_verify) {
  const Cid unknown = Cid::v1(Codec::raw, Multihash::wrap(HashCode{0x1e}, Bytes(32, 0xaa)));
  Get work(guest.context(), {.link = link(unknown), .output = "/out", .timeout = 20s});
  const auto error = net.world.run(failure_of(work.run()));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message(), "content is hashed with blake3, which this program cannot verify");
}

TEST_F(Gets, a_block_whose_hash_is_not_computable_is_unsupported) {
  const Cid unknown = Cid::v1(Codec::raw, Multihash::wrap(HashCode{0x1e}, Bytes(32, 0xaa)));
  const Cid inside = tree.folder({{"x", unknown}});
  tree.blocks.insert_or_assign(unknown, to_bytes("anything"));
  sender.hold(tree);
  EXPECT_EQ(get(link(unknown)), ErrorCode::unsupported);
  EXPECT_EQ(get(link(inside)), ErrorCode::unsupported);
  EXPECT_TRUE(visible().empty());
}

TEST_F(Gets, goes_on_after_a_fault_of_the_disk) {
  const Cid root = file_of(8);
  sender.hold(tree);
  net.world.faults().set("storage.write", 0.2);
  std::optional<ErrorCode> ended = get(link(root));
  EXPECT_EQ(ended, ErrorCode::io);
  EXPECT_TRUE(visible().empty());
  net.world.faults().set("storage.write", 0);
  EXPECT_EQ(get(link(root)), kDone);
  EXPECT_THAT(visible(), ElementsAre("t"));
  for (std::size_t i = 0; i < 8; ++i) {
    const Bytes whole = read("/out/t");
    EXPECT_TRUE(equal(ByteView(whole).subspan(i * kChunk, kChunk), pattern_bytes(kChunk, i))) << i;
  }
}

TEST_F(Gets, a_part_that_nobody_has_is_told_and_the_rest_is_kept) {
  const Cid root = file_of(4);
  const Cid missing = Cid::v1(Codec::raw, Multihash::sha2_256(pattern_bytes(kChunk, 2)));
  content::TestTree most = tree;
  most.blocks.erase(missing);
  sender.hold(most);
  EXPECT_EQ(get(link(root)), ErrorCode::not_found);
  EXPECT_TRUE(visible().empty());
  sender.hold(tree);
  EXPECT_EQ(get(link(root)), kDone);
  EXPECT_LT(fetched, 4U);
  EXPECT_EQ(read("/out/t").size(), 4 * kChunk);
}

TEST_F(Gets, two_limited_sources_add_up) {
  constexpr std::uint64_t kRate = 2'000'000;
  Holder one(net.add({.up = kRate}));
  Holder two(net.add({.up = kRate}));
  const Cid root = file_of(120);
  one.hold(tree);
  two.hold(tree);
  Link from = link(root);
  from.providers = {one.address(), two.address()};
  const TimePoint began = net.world.now();
  EXPECT_EQ(get(from), kDone);
  const double seconds = std::chrono::duration<double>(net.world.now() - began).count();
  EXPECT_LT(seconds, 120.0 * kChunk / (1.75 * kRate));
}

/// A source, the guest who gets from it, and a third one who knows only the guest.
struct Chain {
  Chain(Gets& gets, std::uint64_t up, std::size_t leaves, std::optional<Duration> timeout)
      : gets_(gets),
        source(gets.net.add({.up = up})),
        third(gets.net.add()),
        root(gets.file_of(leaves)),
        second(get(gets.guest, source, timeout)),
        last(get(third, gets.guest, timeout)),
        tasks_(gets.net.world.waits(), "gets") {
    source.hold(gets.tree);
    third.node.system.storage.make_folder("/out");
    second->when_serving([this](const Cid&) { serving_ = true; });
  }

  /// Both are under way afterwards.
  void start() {
    tasks_.spawn(note(second->run(), ended_[0]));
    gets_.net.world.run_while_not([this] { return serving_; });
    tasks_.spawn(note(last->run(), ended_[1]));
  }
  void finish() {
    gets_.net.world.run(tasks_.join());
    for (const auto& error : ended_) EXPECT_FALSE(error) << error->what();
  }

 private:
  Gets& gets_;

 public:
  Holder source;
  Holder third;
  Cid root;
  std::unique_ptr<Get> second;
  std::unique_ptr<Get> last;

 private:
  std::unique_ptr<Get> get(Holder& to, Holder& from, std::optional<Duration> timeout) {
    Link link = gets_.link(root);
    link.providers = {from.address()};
    return std::make_unique<Get>(
        to.context(),
        GetOptions{.link = link, .output = "/out", .replace = false, .timeout = timeout});
  }
  bool serving_ = false;
  std::array<std::optional<Error>, 2> ended_;
  TaskGroup tasks_;
};

TEST_F(Gets, a_receiver_serves_while_it_receives) {
  Chain chain(*this, 500'000, 24, 20s);
  chain.start();
  net.world.run_while_not([&] { return chain.last->status().bytes_done >= 4 * kChunk; });
  EXPECT_LT(chain.second->status().bytes_done, 16 * kChunk);
  chain.finish();
  EXPECT_EQ(chain.third.node.system.storage.info("/out/t")->size, 24 * kChunk);
}

TEST_F(Gets, a_slow_chain_does_not_give_up_between_two_blocks) {
  Chain chain(*this, 80'000, 6, std::nullopt);  // twelve seconds for a message
  chain.start();
  chain.finish();
}

TEST_F(Gets, a_block_that_takes_longer_than_the_timeout_is_progress_all_the_same) {
  Holder slow(net.add({.up = 80'000}));
  const Cid root = file_of(3);
  slow.hold(tree);
  Link from = link(root);
  from.providers = {slow.address()};
  Get work(guest.context(), {.link = from, .output = "/out", .replace = false, .timeout = 3s});
  TaskGroup tasks(net.world.waits(), "get");
  std::optional<Error> ended;
  tasks.spawn(note(work.run(), ended));
  net.world.run_while_not([&] { return work.status().bytes_arriving > 0; });
  const std::uint64_t before = work.status().bytes_done + work.status().bytes_arriving;
  net.world.run_for(2s);
  const GetStatus then = work.status();
  EXPECT_NEAR(static_cast<double>(then.bytes_done + then.bytes_arriving - before), 160'000, 40'000);
  net.world.run(tasks.join());
  EXPECT_FALSE(ended) << ended->what();
  EXPECT_EQ(work.status().bytes_arriving, 0U);
}

TEST_F(Gets, a_link_that_names_nobody_is_asked_of_whoever_is_connected) {
  const Cid root = file_of(2);
  sender.hold(tree);
  Link bare = link(root);
  bare.providers.clear();
  EXPECT_EQ(get(bare), ErrorCode::timeout);
  sender.node.connect(guest.node);
  net.world.run_for(1s);
  EXPECT_EQ(get(bare), kDone);
}

TEST_F(Gets, waits_for_a_peer_that_comes_later) {
  const Cid root = file_of(2);
  Link bare = link(root);
  bare.providers.clear();
  Get work(guest.context(), {.link = bare, .output = "/out", .replace = false, .timeout = {}});
  std::optional<Error> ended;
  TaskGroup tasks(guest.node.system.waits, "test");
  tasks.spawn(note(work.run(), ended));
  net.world.run_for(60s);
  EXPECT_EQ(work.status().waiting, Waiting::peers);
  sender.node.connect(guest.node);  // and lacks it
  net.world.run_for(60s);
  EXPECT_FALSE(ended);
  sender.hold(tree);
  sender.bitswap->offer_all();
  net.world.run(tasks.join());
  EXPECT_FALSE(ended) << ended->what();
  EXPECT_EQ(read("/out/t").size(), 2 * kChunk);
}

TEST_F(Gets, what_nobody_has_is_told_at_once) {
  const TimePoint began = net.world.now();
  EXPECT_EQ(get(link(file_of(2))), ErrorCode::not_found);
  EXPECT_LT(net.world.now() - began, 1s);
}

TEST_F(Gets, a_source_that_is_not_there_is_told_at_once) {
  const Cid root = file_of(2);
  net.world.run(sender.stop());
  const TimePoint began = net.world.now();
  EXPECT_EQ(get(link(root)), ErrorCode::unreachable);
  EXPECT_LT(net.world.now() - began, 1s);
}

TEST_F(Gets, sources_that_have_gone_quiet_are_told_all_at_once) {
  Holder one(net.add());
  Holder two(net.add());
  const Cid root = file_of(60);
  Link from = link(root);
  from.providers = {one.address(), two.address(), sender.address()};
  for (Holder* holder : {&one, &two, &sender}) {
    holder->hold(tree);
    holder->node.swarm.protocols().add(kDoneProtocol, [this](net::ProtocolStream stream) {
      return say_nothing(net.world.clock(), std::move(stream));
    });
  }
  const TimePoint began = net.world.now();
  Get work(guest.context(), {.link = from, .output = "/out", .replace = false, .timeout = 20s});
  const GetResult result = net.world.run(work.run());
  EXPECT_EQ(result.sources.size(), 3U);
  EXPECT_LT(net.world.now() - began - result.duration, 1500ms);
}

TEST_F(Gets, a_slow_disk_is_no_lack_of_progress_once_all_is_here) {
  Holder slow(net.add({}, {.offload_cost = 1s}));
  slow.node.system.storage.make_folder("/out");
  const Cid root = file_of(2);
  sender.hold(tree);
  Get work(slow.context(),
           {.link = link(root), .output = "/out", .replace = false, .timeout = 3800ms});
  TaskGroup tasks(net.world.waits(), "get");
  std::optional<Error> ended;
  tasks.spawn(note(work.run(), ended));
  bool written = false;
  net.world.run_while_not([&] {
    const GetStatus status = work.status();
    written = written || status.busy == "writing to the disk";
    const bool all = status.bytes_total > 0 && status.bytes_done == status.bytes_total;
    if (all) EXPECT_NE(status.waiting, Waiting::blocks);
    return tasks.size() == 0;
  });
  EXPECT_FALSE(ended) << ended->what();
  EXPECT_TRUE(written);
}

TEST_F(Gets, a_second_get_into_the_same_place_is_told_that_it_is_taken) {
  const Cid root = file_of(40);
  sender.hold(tree);
  Get first(guest.context(),
            {.link = link(root), .output = "/out", .replace = false, .timeout = 20s});
  TaskGroup tasks(net.world.waits(), "first");
  std::optional<Error> ended;
  tasks.spawn(note(first.run(), ended));
  net.world.run_while_not([&] { return first.status().bytes_done > 0; });
  EXPECT_EQ(get(link(root)), ErrorCode::locked);
  net.world.run(tasks.join());
  EXPECT_FALSE(ended) << ended->what();
  EXPECT_EQ(get(link(root)), kDone);
  EXPECT_EQ(storage.list("/out").size(), 1U);
}

TEST_F(Gets, a_folder_named_by_o_that_this_link_made_is_its_target) {
  const Cid root = tree.folder({{"f", file_of(2)}, {"s", tree.raw(to_bytes("small"))}});
  sender.hold(tree);
  const auto get_as = [&](bool replace = false) {
    Get work(guest.context(),
             {.link = link(root), .output = "/out/mine", .replace = replace, .timeout = 20s});
    const auto error = net.world.run(failure_of(work.run()));
    fetched = work.fetched().blocks_fetched;
    return error ? std::optional(error->code()) : kDone;
  };
  const auto names = [&] {
    std::vector<std::string> out;
    for (const FolderEntry& entry : storage.list("/out/mine")) out.push_back(entry.name);
    return out;
  };
  EXPECT_EQ(get_as(), kDone);
  EXPECT_EQ(get_as(), kDone);
  EXPECT_EQ(fetched, 0U);
  EXPECT_THAT(names(), ElementsAre("f", "s"));
  // Changed since, it is still the target.
  storage.open("/out/mine/s", Access::write)->write_at(0, to_bytes("SMALL"));
  EXPECT_EQ(get_as(), ErrorCode::exists);
  EXPECT_THAT(names(), ElementsAre("f", "s"));
  EXPECT_EQ(get_as(true), kDone);
  EXPECT_THAT(visible(), ElementsAre("mine"));
  // Made by others, it is known by what is in it.
  guest.node.host.disk().set_rules({.has_attributes = false});
  storage.rename("/out/mine", "/out/made", false);
  storage.make_folder("/out/mine");
  for (const char* name : {"/f", "/s"}) {
    storage.rename(std::string("/out/made") + name, std::string("/out/mine") + name, false);
  }
  EXPECT_EQ(get_as(), kDone);
  EXPECT_THAT(names(), ElementsAre("f", "s"));
  // Any other folder is one to put it into.
  storage.open("/out/mine/more", Access::create);
  EXPECT_EQ(get_as(), kDone);
  EXPECT_THAT(names(), ElementsAre("f", "more", "s", "t"));
}

TEST_F(Gets, what_was_there_already_is_served_too) {
  const Cid root = tree.folder({{"f", file_of(2)}, {"s", tree.raw(to_bytes("small"))}});
  sender.hold(tree);
  ASSERT_EQ(get(link(root)), kDone);
  Holder fresh(net.add());
  fresh.node.system.storage.make_folder("/out");
  fresh.node.system.storage.make_folder("/out/t");
  fresh.node.system.storage.open("/out/t/f", Access::create)->write_at(0, read("/out/t/f"));
  fresh.node.system.storage.open("/out/t/s", Access::create)->write_at(0, read("/out/t/s"));
  Get again(fresh.context(),
            {.link = link(root), .output = "/out", .replace = false, .timeout = 20s});
  bool serving = false;
  again.when_serving([&](const Cid&) { serving = true; });
  const GetResult result = net.world.run(again.run());
  EXPECT_TRUE(serving);
  EXPECT_EQ(result.blocks_fetched, 2U);  // the nodes
  for (const auto& [cid, block] : tree.blocks) EXPECT_TRUE(fresh.store.has(cid.hash()));
}

}  // namespace
}  // namespace shoal::service
