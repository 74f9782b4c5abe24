#include "base/varint.h"
#include "content/bitswap/bitswap_testing.h"
#include "content/bitswap/inbound.h"
#include "content/bitswap/server.h"

namespace shoal::content::bitswap {
namespace {

constexpr std::size_t kSlowBytes = 16 * 1024;
constexpr Duration kSlowPause = 1900ms;

Task<void> take_slowly(System& system, net::ProtocolStream stream) {
  Bytes buffer(kSlowBytes);
  while (true) {
    co_await read_exactly(*stream.stream, buffer);
    co_await system.clock.sleep_for(kSlowPause);
  }
}

/// Wants all of `cids`, and keeps the stream.
Task<void> want(TestNode& from, PeerId to, std::vector<Cid> cids) {
  net::ProtocolStream stream = co_await from.swarm.open(to, {kProtocol_1_2});
  Message message;
  for (const Cid& cid : cids) message.wants.push_back({cid});
  const Bytes bytes = framed(message);
  co_await write_all(*stream.stream, bytes);
  co_await from.system.clock.sleep_for(1h);
}

Task<void> send_slowly(TestNode& from, PeerId to) {
  net::ProtocolStream stream = co_await from.swarm.open(to, {kProtocol_1_2});
  Bytes length;
  append_varint(length, kMaxMessageBytes);
  co_await write_all(*stream.stream, length);
  const Bytes part(kSlowBytes);
  while (true) {
    co_await write_all(*stream.stream, part);
    co_await from.system.clock.sleep_for(kSlowPause);
  }
}

/// As long as the test lets it, whatever the target does.
Task<void> again_and_again(TestNode& from, PeerId to, Task<void> (*work)(TestNode&, PeerId)) {
  while (true) {
    try {
      co_await work(from, to);
    } catch (const Error&) {
      // Disconnected.
    }
    co_await from.system.clock.sleep_for(200ms);
  }
}

struct FairShares : Bitswaps {
  ~FairShares() override { world.run(crowd.stop()); }

  TestNode& add_slow_taker(TestNode& server, const std::vector<Cid>& cids) {
    TestNode& taker = add({});
    taker.swarm.protocols().add(kProtocol_1_2, [&taker](net::ProtocolStream stream) {
      return take_slowly(taker.system, std::move(stream));
    });
    taker.knows(server);
    crowd.spawn(want(taker, server.id(), cids));
    return taker;
  }
  void add_slow_sender(TestNode& server) {
    TestNode& sender = add({});
    sender.knows(server);
    crowd.spawn(again_and_again(sender, server.id(), send_slowly));
  }

  TaskGroup crowd{world.waits(), "crowd"};
};

TEST_F(FairShares, newcomer_gets_first_block_beside_many_slow_takers) {
  TestNode& server = add();
  TestNode& newcomer = add();
  const auto cids = fill(server, 8, 1 << 20);
  for (int i = 0; i < 60; ++i) add_slow_taker(server, cids);
  world.run_for(10s);
  begin(newcomer, {&server});
  fetch(newcomer, {cids.front()});
  EXPECT_EQ(fetched, 1u);
  EXPECT_LT(took, 2s);
  fetch(newcomer, {cids.begin() + 1, cids.end()});
  EXPECT_EQ(fetched, 8u);
  EXPECT_LT(took, 10s);
}

TEST_F(FairShares, newcomer_gets_first_block_beside_many_slow_senders) {
  TestNode& server = add();
  TestNode& newcomer = add();
  const auto cids = fill(server, 200, 10'000);
  for (int i = 0; i < 60; ++i) add_slow_sender(server);
  world.run_for(10s);
  begin(newcomer, {&server});
  fetch(newcomer, {cids.front()});
  EXPECT_EQ(fetched, 1u);
  EXPECT_LT(took, 2s);
  fetch(newcomer, {cids.begin() + 1, cids.end()});
  EXPECT_EQ(fetched, 200u);
  EXPECT_LT(took, 5s);
}

Task<void> fetch_with(Session& session, Cid cid, std::size_t& count) {
  co_await session.fetch(std::move(cid));
  ++count;
}

TEST_F(FairShares, reads_few_blocks_twice_on_a_slow_uplink) {
  constexpr std::size_t kPeers = 8;
  TestNode& server = add(protocols(), 40 * 1024 * 1024);
  const auto cids = fill(server, 20, 1 << 20);
  std::vector<std::unique_ptr<Session>> sessions;
  TaskGroup fetches(world.waits(), "fetches");
  std::size_t done = 0;
  for (std::size_t i = 0; i < kPeers; ++i) {
    TestNode& peer = add();
    peer.knows(server);
    sessions.push_back(peer.node->session());
    sessions.back()->add_peer(server.id());
    for (const Cid& cid : cids) fetches.spawn(fetch_with(*sessions.back(), cid, done));
  }
  world.run(fetches.join());
  EXPECT_EQ(done, kPeers * cids.size());
  EXPECT_LE(server.blocks.reads, done * 3 / 2);
}

TEST_F(FairShares, many_peers_on_a_slow_uplink_all_make_progress) {
  constexpr std::size_t kPeers = 24;
  constexpr std::uint64_t kUp = 2 * 1024 * 1024;
  TestNode& server = add(protocols(), kUp);
  const auto cids = fill(server, 1, 1 << 20);
  std::vector<std::unique_ptr<Session>> sessions;
  TaskGroup fetches(world.waits(), "fetches");
  std::size_t done = 0;
  for (std::size_t i = 0; i < kPeers; ++i) {
    TestNode& peer = add();
    peer.knows(server);
    sessions.push_back(peer.node->session());
    sessions.back()->add_peer(server.id());
    fetches.spawn(fetch_with(*sessions.back(), cids.front(), done));
  }
  world.run_for(std::chrono::seconds(kPeers) / 2 + 4s);
  EXPECT_EQ(done, kPeers);
  EXPECT_EQ(server.swarm.failures().of(net::FailureCounts::Stage::connection, ErrorCode::limit),
            0u);
  world.run(fetches.stop());
}

}  // namespace
}  // namespace shoal::content::bitswap
