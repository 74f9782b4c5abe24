#include "library/two_hosts.h"

namespace shoal::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::SizeIs;

constexpr std::size_t kMegabyte = 1 << 20;

ByteVector pattern(std::size_t bytes) {
  ByteVector out(bytes);
  for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<std::byte>(i * i / 251);
  return out;
}

class Content : public TwoHosts {
 protected:
  Content() { there_host.write_file("/data/large.bin", large); }

  const ByteVector large = pattern(20 * kMegabyte);
};

TEST_F(Content, shared_is_got_whole) {
  const Share share = there.run(there.share({"/data/large.bin"}));
  EXPECT_EQ(share.files(), 1u);
  EXPECT_EQ(share.bytes(), large.size());
  std::vector<GetProgress> told;
  GetOptions options{.output = "/got"};
  options.progress = [&told](const GetProgress& now) { told.push_back(now); };
  const GetResult got = here.run(here.get(share.link(), options));
  EXPECT_EQ(got.path, "/got");
  EXPECT_EQ(got.cid, share.cid());
  EXPECT_EQ(got.bytes, large.size());
  ASSERT_THAT(got.sources, SizeIs(1));
  EXPECT_EQ(got.sources.front().peer_id, there.peer_id());
  EXPECT_TRUE(here_host.read_file("/got") == large);
  ASSERT_THAT(told, SizeIs(Gt(2u)));
  EXPECT_EQ(told.back().bytes_done, large.size());
  EXPECT_EQ(told.back().bytes_total, large.size());
  world.run_for(5s);
  EXPECT_EQ(share.complete_downloads(), 1u);
  EXPECT_GE(share.bytes_sent(), large.size());
}

TEST_F(Content, cancelled_goes_on_where_it_was) {
  Node slow(there_host, {.up = 2'000'000});
  slow.start();
  const Share share = slow.run(slow.share({"/data/large.bin"}));
  std::uint64_t done = 0;
  GetOptions options{.output = "/got"};
  options.progress = [&done](const GetProgress& now) { done = now.bytes_done; };
  const auto get = [](Node& node, std::string link, GetOptions wanted) -> Async<void> {
    co_await node.get(link, wanted);
  };
  Job job = here.spawn(get(here, share.link(), options));
  world.run_for(5s);
  job.cancel();
  EXPECT_THROW(job.wait(), Cancelled);
  EXPECT_GT(done, 5 * kMegabyte);
  EXPECT_LT(done, large.size());
  const GetResult got = here.run(here.get(share.link(), {.output = "/got"}));
  EXPECT_GE(got.blocks_resumed, 5u);
  EXPECT_LT(got.blocks_fetched, 18u);
  EXPECT_TRUE(here_host.read_file("/got") == large);
}

TEST_F(Content, is_asked_of_the_peers_to_stay_connected_to_before_they_are) {
  const Share share = there.run(there.share({"/data/large.bin"}));
  Node late(here_host, {.connect = {address}});
  late.start();
  late.run(late.get(share.cid(), {.output = "/got"}));
  EXPECT_TRUE(here_host.read_file("/got") == large);
}

TEST_F(Content, is_under_way_when_the_node_stops) {
  const Share share = there.run(there.share({"/data/large.bin"}));
  const auto get = [](Node& node, std::string link) -> Async<void> {
    co_await node.get(link, {.output = "/got"});
  };
  Job job = here.spawn(get(here, share.link()));
  world.run_for(300ms);
  here.stop();
  EXPECT_THROW(job.wait(), Cancelled);
}

TEST_F(Content, waits_have_names) {
  const Share share = there.run(there.share({"/data/large.bin"}));
  const std::string link = share.link();
  there_host.set_online(false);
  std::vector<WaitingFor> waits;
  GetOptions options{.output = "/got", .timeout = 5s};
  options.progress = [&waits](const GetProgress& now) {
    if (waits.empty() || waits.back() != now.waiting_for) waits.push_back(now.waiting_for);
  };
  const auto get = [](Node& node, std::string what, GetOptions wanted) -> Async<void> {
    co_await node.get(what, wanted);
  };
  EXPECT_EQ(failure(get(here, link, options)), ErrorCode::timeout);
  EXPECT_THAT(waits, ElementsAre(WaitingFor::nothing, WaitingFor::connection));
}

TEST_F(Content, a_throwing_callback_ends_it) {
  const Share share = there.run(there.share({"/data/large.bin"}));
  GetOptions options{.output = "/got"};
  options.progress = [](const GetProgress&) { throw std::runtime_error("enough"); };
  EXPECT_THROW(here.run(here.get(share.link(), options)), std::runtime_error);
}

TEST_F(Content, of_several_shares_counts_for_its_own) {
  there_host.write_file("/data/small.txt", bytes_of("small"));
  Share one = there.run(there.share({"/data/large.bin"}));
  Share other = there.run(there.share({"/data/small.txt"}));
  here.run(here.get(other.link(), {.output = "/small"}));
  EXPECT_EQ(one.complete_downloads(), 0u);
  EXPECT_EQ(one.bytes_sent(), 0u);
  EXPECT_EQ(other.complete_downloads(), 1u);
  EXPECT_EQ(other.bytes_sent(), 5u);
  there.run(other.stop());
  there.run(other.stop());
  EXPECT_THROW(other.link(), Error);
  here.run(here.get(one.link(), {.output = "/large"}));
  EXPECT_EQ(one.complete_downloads(), 1u);
  EXPECT_TRUE(here_host.read_file("/large") == large);
}

TEST_F(Content, tells_whom_it_was_sent_to) {
  Share share = there.run(there.share({"/data/large.bin"}));
  std::vector<SentToPeer> told;
  Subscription subscription = share.on_sent([&told](const SentToPeer& sent) {
    told.push_back(sent);
    throw std::runtime_error("on purpose");  // which is nobody else's business
  });
  here.run(here.get(share.link(), {.output = "/got"}));
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told.front().peer_id, here.peer_id());
  EXPECT_GE(told.front().bytes, large.size());
  EXPECT_TRUE(told.front().complete);
  subscription.end();
  here.stop();
  world.run_for(1min);
  EXPECT_THAT(told, SizeIs(1));
}

TEST_F(Content, tells_what_can_not_be_sent_any_more) {
  Share share = there.run(there.share({"/data/large.bin"}));
  std::vector<std::string> missing;
  const Subscription subscription =
      share.on_missing([&missing](const std::string& path) { missing.push_back(path); });
  there_host.write_file("/data/large.bin", bytes_of("another"));
  const auto get = [](Node& node, std::string link) -> Async<void> {
    co_await node.get(link, {.output = "/got", .timeout = 5s});
  };
  EXPECT_TRUE(failure(get(here, share.link())).has_value());
  EXPECT_THAT(missing, ElementsAre("/data/large.bin"));
}

TEST_F(Content, that_was_got_can_be_shared_on) {
  const Share share = there.run(there.share({"/data/large.bin"}));
  const auto seed = [](Node& node, std::string link) -> Async<void> { co_await node.seed(link); };
  EXPECT_EQ(failure(seed(here, share.cid())), ErrorCode::not_found);
  const GetResult got = here.run(here.get(share.link(), {.output = "/got"}));
  const Share again = here.run(here.seed(got.cid));
  EXPECT_EQ(again.cid(), share.cid());
  EXPECT_EQ(again.bytes(), large.size());
  here.start();
  SimulatedHost third_host = world.add_host();
  Node third(third_host);
  third.run(third.get(again.link(), {.output = "/got"}));
  EXPECT_EQ(again.complete_downloads(), 1u);
  EXPECT_TRUE(third_host.read_file("/got") == large);
}

/// A folder that is shared, and how to look into it.
class Looking : public Content {
 protected:
  Looking() {
    there_host.write_file("/data/docs/note.txt", bytes_of("a note"));
    share.emplace(there.run(there.share({"/data"})));
  }
  /// The link to something in the folder.
  std::string link(const std::string& path) const {
    const std::string whole = share->link();
    return whole.substr(0, whole.find('?')) + "/" + path + whole.substr(whole.find('?'));
  }
  ByteVector cat(const std::string& what, CatOptions options = {}) {
    ByteVector out;
    const auto keep = [](ByteVector& into, std::span<const std::byte> piece) -> Async<void> {
      co_await sleep_for(1s);
      into.insert(into.end(), piece.begin(), piece.end());
    };
    options.look.timeout = 10s;  // of which what the sink takes is no part
    here.run(here.cat(
        what, [&out, keep](std::span<const std::byte> piece) { return keep(out, piece); },
        options));
    return out;
  }

  std::optional<Share> share;
};

TEST_F(Looking, lists_a_folder) {
  std::vector<std::string> paths;
  for (const Entry& entry : here.run(here.ls(share->link(), {.recursive = true}))) {
    paths.push_back(entry.path + " " + std::to_string(entry.bytes));
    EXPECT_EQ(entry.kind == EntryKind::folder, entry.path == "docs");
  }
  ASSERT_THAT(paths, SizeIs(3));
  EXPECT_EQ(paths[1], "docs/note.txt 6");
  EXPECT_EQ(paths[2], "large.bin " + std::to_string(large.size()));
  EXPECT_THAT(here.run(here.ls(share->link())), SizeIs(2));
}

TEST_F(Looking, reads_any_range_of_a_file) {
  EXPECT_EQ(text_of(cat(link("docs/note.txt"))), "a note");
  EXPECT_EQ(text_of(cat(link("docs/note.txt"), {.offset = 2, .length = 3})), "not");
  EXPECT_EQ(text_of(cat(link("docs/note.txt"), {.offset = 100})), "");
  EXPECT_TRUE(cat(link("large.bin")) == large);
}

TEST_F(Looking, counts_what_is_there) {
  const ContentStat stat = here.run(here.stat(share->link()));
  EXPECT_EQ(stat.kind, EntryKind::folder);
  EXPECT_EQ(stat.cid, share->cid());
  EXPECT_EQ(stat.files, 2u);
  EXPECT_EQ(stat.folders, 2u);
  EXPECT_EQ(stat.bytes, large.size() + 6);
}

TEST_F(Looking, fetches_single_blocks) {
  const std::vector<Entry> entries = here.run(here.ls(link("docs")));
  ASSERT_THAT(entries, SizeIs(1));
  const std::string cid = entries.front().cid;
  EXPECT_FALSE(here.has_block(cid));
  EXPECT_TRUE(there.has_block(cid));
  EXPECT_EQ(text_of(here.run(here.get_block(cid, {.providers = {address}}))), "a note");
}

TEST_F(Looking, says_what_does_not_work) {
  const auto look = [](Node& node, std::string what, LookOptions options) -> Async<void> {
    const auto drop = [](std::span<const std::byte>) -> Async<void> { co_return; };
    co_await node.cat(what, drop, {.look = options});
  };
  EXPECT_EQ(failure(look(here, link("none"), {})), ErrorCode::not_found);
  EXPECT_EQ(failure(look(here, link("docs"), {})), ErrorCode::usage);
  EXPECT_EQ(failure(look(here, "no link", {})), ErrorCode::usage);
  const std::string large_link = link("large.bin");
  there_host.set_online(false);
  EXPECT_EQ(failure(look(here, large_link, {.timeout = 5s})), ErrorCode::timeout);
}

TEST_F(Looking, a_throwing_sink_ends_it) {
  const auto fail = [](std::span<const std::byte>) -> Async<void> {
    throw std::runtime_error("enough");
    co_return;
  };
  EXPECT_THROW(here.run(here.cat(link("large.bin"), fail)), std::runtime_error);
}

TEST_F(Content, that_is_absent_can_be_shared_when_it_is_there) {
  EXPECT_THROW(there.run(there.share({"/data/none"})), Error);
  EXPECT_EQ(there.run(there.share({"/data/large.bin"})).files(), 1u);
}

TEST_F(Content, tells_when_it_was_downloaded) {
  Share share = there.run(there.share({"/data/large.bin"}));
  const auto get = [](Node& node, std::string link) -> Async<void> {
    co_await node.get(link, {.output = "/got"});
  };
  Job job = here.spawn(get(here, share.link()));
  there.run(share.downloaded());
  job.wait();
  EXPECT_EQ(share.complete_downloads(), 1u);
}

TEST_F(Content, a_wait_for_downloads_ends_with_the_share) {
  Share share = there.run(there.share({"/data/large.bin"}));
  Job job = there.spawn(share.downloaded());
  world.run_for(1s);
  there.run(share.stop());
  EXPECT_THROW(job.wait(), Error);
}

TEST_F(Content, that_nobody_is_known_to_have_is_not_found) {
  const std::string cid = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi";
  const auto get = [](Node& node, std::string link, GetOptions options) -> Async<void> {
    co_await node.get(link, options);
  };
  EXPECT_EQ(failure(get(here, cid, {.output = "/got", .timeout = 5s})), ErrorCode::timeout);
  EXPECT_EQ(failure(get(here, "no link", {})), ErrorCode::usage);
  EXPECT_EQ(failure(get(here, cid, {.output = "/got", .providers = {address}})),
            ErrorCode::not_found);
}

}  // namespace
}  // namespace shoal::testing
