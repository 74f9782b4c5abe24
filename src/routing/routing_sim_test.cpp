#include "routing/routing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/swarm_testing.h"

namespace shoal::routing {
namespace {

using net::testing::TestNet;
using net::testing::TestNode;
using ::testing::ElementsAre;

const Cid kWanted = Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes("wanted")));

PeerId peer(std::uint8_t seed) {
  return PeerId::from_public_key(net::testing::key_of(seed).public_key());
}

/// Answers after a time of its own.
class Scripted final : public Router {
 public:
  Scripted(Clock& clock, std::string_view where, Duration after, std::vector<Found> answers)
      : clock_(clock), where_(where), after_(after), answers_(std::move(answers)) {}

  std::string_view where() const override { return where_; }
  Task<void> find_providers(Cid, FoundSink sink) override {
    ++searches;
    co_await clock_.sleep_for(after_);
    for (const Found& answer : answers_) sink(answer);
    if (fails) throw Error(ErrorCode::failed, "on purpose");
  }
  Task<void> find_peer(PeerId, FoundSink sink) override {
    co_await clock_.sleep_for(after_);
    for (const Found& answer : answers_) sink(answer);
    ++finished;
  }
  Task<std::size_t> provide(Cid) override { co_return answers_.size(); }

  int searches = 0;
  int finished = 0;
  bool fails = false;

 private:
  Clock& clock_;
  const std::string_view where_;
  const Duration after_;
  const std::vector<Found> answers_;
};

struct Routes : ::testing::Test, Routing::Watcher {
  void found(const Found& provider) override { peers.push_back(provider.peer); }
  Duration searched() override {
    ++rounds;
    return 10s;
  }
  Duration patience() const override { return round_patience; }
  Clock& clock() { return node.system.clock; }

  TestNet net;
  TestNode& node = net.add();
  Routing routing{node.system, node.swarm};
  Multiaddr address = Multiaddr::parse("/ip4/192.0.2.1/tcp/4001");
  std::vector<PeerId> peers;
  int rounds = 0;
  Duration round_patience = 1h;
};

TEST_F(Routes, asks_all_routers_side_by_side_and_names_a_peer_once) {
  Scripted slow(clock(), "far", 3s,
                {{peer(101), {address}, Source::dht}, {peer(102), {}, Source::dht}});
  Scripted quick(clock(), "near", 1s, {{peer(101), {}, Source::lan}});
  routing.add(slow);
  routing.add(quick);
  std::vector<TimePoint> at;
  const TimePoint begin = net.world.now();
  net.world.run(routing.find_providers(kWanted, [&](const Found& found) {
    peers.push_back(found.peer);
    at.push_back(net.world.now());
  }));
  EXPECT_THAT(peers, ElementsAre(peer(101), peer(102)));
  EXPECT_THAT(at, ElementsAre(begin + 1s, begin + 3s));
  EXPECT_THAT(node.swarm.peers().addresses(peer(101)), ElementsAre(address));
  EXPECT_EQ(routing.where(), "far and near");
}

TEST_F(Routes, names_neither_itself_nor_more_than_the_bound) {
  std::vector<Found> many{{node.id, {}, Source::dht}};
  for (std::size_t i = 0; i < Routing::kMaxFound + 1; ++i) {
    many.push_back({PeerId::from_public_key(crypto::PrivateKey::ed25519_from_seed(
                                                crypto::sha256(as_bytes(std::to_string(i))))
                                                .public_key()),
                    {},
                    Source::dht});
  }
  Scripted router(clock(), "far", 0s, many);
  routing.add(router);
  net.world.run(routing.find_providers(kWanted, [&](const Found& f) { peers.push_back(f.peer); }));
  EXPECT_EQ(peers.size(), Routing::kMaxFound);
  EXPECT_NE(peers.front(), node.id);
}

TEST_F(Routes, ends_a_search_for_a_peer_at_its_first_address) {
  Scripted quick(clock(), "near", 1s, {{peer(101), {address}, Source::lan}});
  Scripted slow(clock(), "far", 1h, {});
  routing.add(slow);
  routing.add(quick);
  const TimePoint begin = net.world.now();
  net.world.run(routing.find_peer(peer(101)));
  EXPECT_EQ(net.world.now(), begin + 1s);
  EXPECT_EQ(slow.finished, 0);
  EXPECT_THAT(node.swarm.peers().addresses(peer(101)), ElementsAre(address));
}

TEST_F(Routes, goes_on_when_one_router_fails) {
  Scripted broken(clock(), "near", 0s, {});
  broken.fails = true;
  Scripted sound(clock(), "far", 1s, {{peer(102), {}, Source::dht}});
  routing.add(broken);
  routing.add(sound);
  net.world.run(routing.find_providers(kWanted, [&](const Found& f) { peers.push_back(f.peer); }));
  EXPECT_THAT(peers, ElementsAre(peer(102)));
}

TEST_F(Routes, searches_again_until_nobody_watches) {
  Scripted router(clock(), "far", 1s, {{peer(101), {}, Source::dht}});
  routing.add(router);
  auto watching = routing.keep_searching(kWanted, 2s, *this);
  net.world.run_for(15s);
  EXPECT_EQ(rounds, 2);
  EXPECT_THAT(peers, ElementsAre(peer(101), peer(101)));
  watching.reset();
  net.world.run_for(1min);
  EXPECT_EQ(router.searches, 2);
  net.world.run(routing.stop());
}

TEST_F(Routes, begins_a_round_beside_four_at_most_that_take_long) {
  Scripted slow(clock(), "far", 1min, {{peer(101), {}, Source::dht}});
  routing.add(slow);
  round_patience = 1s;
  auto watching = routing.keep_searching(kWanted, 0s, *this);
  net.world.run_for(25s);
  EXPECT_EQ(rounds, 3);  // each after a second of patience and a pause of 10
  EXPECT_EQ(slow.searches, 3);
  net.world.run_for(34s);
  EXPECT_EQ(slow.searches, 4);
  EXPECT_THAT(peers, ElementsAre());
  net.world.run_for(31s);
  EXPECT_EQ(peers.size(), 3u);
  watching.reset();
  net.world.run(routing.stop());
}

// Nobody else would: a search for content that no link names a peer of asks who is connected.
TEST_F(Routes, connects_the_providers_that_a_search_finds) {
  TestNode& provider = net.add();
  Scripted router(clock(), "far", 1s, {{provider.id, {provider.address()}, Source::dht}});
  routing.add(router);
  const auto watching = routing.keep_searching(kWanted, 0s, *this);
  net.world.run_for(2s);
  EXPECT_NE(node.swarm.best(provider.id), nullptr);
  net.world.run(routing.stop());
}

TEST_F(Routes, tells_of_each_network_that_took_an_announcement) {
  Scripted empty(clock(), "near", 0s, {});
  Scripted full(clock(), "far", 0s, {{peer(101), {}, Source::dht}});
  routing.add(empty);
  routing.add(full);
  std::vector<std::string> told;
  net.world.run(routing.provide(kWanted, [&](const Provided& provided) {
    told.push_back(std::string(provided.where) + " " + std::to_string(provided.peers));
  }));
  EXPECT_THAT(told, ElementsAre("far 1"));
}

}  // namespace
}  // namespace shoal::routing
