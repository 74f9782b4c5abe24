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

Async<void> share_again(Node& node) {
  co_await node.share({"/data/large.bin"});
}

TEST_F(Content, is_shared_once_at_a_time) {
  Share share = there.run(there.share({"/data/large.bin"}));
  EXPECT_THROW(there.run(share_again(there)), Error);
  there.run(share.stop());
  there.run(share.stop());
  EXPECT_THROW(share.link(), Error);
  there.run(share_again(there));
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
