#include "content/bitswap/bitswap_testing.h"

namespace shoal::content::bitswap {
namespace {

TEST_F(Bitswaps, drop_a_peer_that_sends_something_else_and_name_it) {
  TestNode& liar = add();
  TestNode& honest = add();
  TestNode& client = add();
  const auto cids = fill(honest, 50, 100'000);
  fill(liar, 50, 100'000);
  liar.blocks.lies = true;
  begin(client, {&liar, &honest});
  fetch(client, cids);
  world.run(session->settle());
  EXPECT_EQ(fetched, 50u);
  ASSERT_EQ(bad_peers.size(), 1u);
  EXPECT_EQ(bad_peers[0].peer, liar.id());
  EXPECT_EQ(session->live_peers(), 1u);
}

TEST_F(Bitswaps, fail_as_corrupt_when_the_only_source_lies) {
  TestNode& liar = add();
  TestNode& client = add();
  const auto cids = fill(liar, 1, 1000);
  liar.blocks.lies = true;
  begin(client, {&liar});
  fetch(client, cids);
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0], ErrorCode::corrupt);
  ASSERT_EQ(bad_peers.size(), 1u);
  EXPECT_EQ(bad_peers[0].cid, cids[0]);
}

TEST_F(Bitswaps, name_a_liar_once_however_much_it_lies_when_asked_again) {
  TestNode& liar = add();
  TestNode& honest = add();
  TestNode& client = add();
  const auto cids = fill(honest, 8, 100'000);
  fill(liar, 8, 100'000);
  liar.blocks.lies = true;
  honest.blocks.read_time = 6s;  // all that the liar owes is asked of it once more meanwhile
  begin(client, {&liar, &honest});
  fetch(client, cids);
  world.run(session->settle());
  EXPECT_EQ(fetched, 8u);
  ASSERT_EQ(bad_peers.size(), 1u);
  EXPECT_EQ(bad_peers[0].peer, liar.id());
}

TEST_F(Bitswaps, name_the_very_block_that_a_peer_lied_about) {
  TestNode& liar = add();
  TestNode& honest = add();
  TestNode& client = add();
  const auto cids = fill(honest, 60, 100'000);
  fill(liar, 60, 100'000);
  for (const int lie : {0, 3, 20}) {
    fetched = 0;
    bad_peers.clear();
    liar.blocks.lies_about = cids[static_cast<std::size_t>(lie)].hash();
    // The other comes later, so that it is the liar who is asked.
    honest.blocks.read_time = 300ms;
    begin(client, {&liar, &honest});
    fetch(client, cids);
    world.run(session->settle());
    EXPECT_EQ(fetched, 60u);
    ASSERT_EQ(bad_peers.size(), 1u) << lie;
    EXPECT_EQ(bad_peers[0].peer, liar.id());
    EXPECT_EQ(bad_peers[0].cid, cids[static_cast<std::size_t>(lie)]) << lie;
  }
}

TEST_F(Bitswaps, fail_as_corrupt_when_every_source_lies_and_name_all) {
  TestNode& client = add();
  std::vector<TestNode*> liars = {&add(), &add(), &add()};
  std::vector<Cid> cids;
  for (TestNode* liar : liars) {
    cids = fill(*liar, 30, 50'000);
    liar->blocks.lies = true;
  }
  begin(client, liars);
  fetch(client, cids);
  world.run(session->settle());
  ASSERT_EQ(failures.size(), 30u);
  for (const ErrorCode code : failures) EXPECT_EQ(code, ErrorCode::corrupt);
  EXPECT_EQ(bad_peers.size(), 3u);
  for (const BadPeer& bad : bad_peers) EXPECT_TRUE(bad.cid.has_value());
  EXPECT_LT(took, 5s);
}

TEST_F(Bitswaps, name_a_liar_that_leaves_before_it_is_clear_what_it_lied_about) {
  TestNode& liar = add();
  TestNode& client = add();
  const auto cids = fill(liar, 60, 50'000);
  liar.blocks.lies_about = cids[30].hash();
  liar.blocks.read_time = 100ms;
  begin(client, {&liar});
  world.after(3400ms, [&] { liar.swarm.disconnect(client.id()); });
  fetch(client, cids);
  ASSERT_EQ(bad_peers.size(), 1u);
  EXPECT_EQ(bad_peers[0].cid, cids[30]);
}

TEST_F(Bitswaps, accuse_nobody_who_sends_what_an_earlier_life_asked_for) {
  TestNode& server = add();
  TestNode& client = add();
  const auto cids = fill(server, 30, 50'000);
  server.blocks.read_time = 50ms;
  TaskGroup late(world.waits(), "late");
  begin(client, {&server});
  world.after(300ms, [&] {
    Message message;
    message.blocks.push_back({CidPrefix::of(cids[0]), SharedBytes(content_of(99, 1000))});
    late.spawn(write_raw(server, client.id(), framed(message)));
  });
  fetch(client, cids);
  world.run(session->settle());
  EXPECT_EQ(fetched, 30u);
  EXPECT_TRUE(bad_peers.empty());
  EXPECT_EQ(session->live_peers(), 1u);
  world.run(late.stop());
}

TEST_F(Bitswaps, accuse_nobody_who_falls_silent_after_what_an_earlier_life_asked_for) {
  TestNode& server = add();
  TestNode& client = add();
  const auto cids = fill(server, 1, 50'000);
  server.blocks.read_time = 5s;  // silent for longer than it takes to become suspicious
  TaskGroup late(world.waits(), "late");
  begin(client, {&server});
  world.after(300ms, [&] {
    Message message;
    message.blocks.push_back({CidPrefix::of(cids[0]), SharedBytes(content_of(99, 1000))});
    late.spawn(write_raw(server, client.id(), framed(message)));
  });
  fetch(client, cids);
  world.run(session->settle());
  EXPECT_EQ(fetched, 1u);
  EXPECT_TRUE(bad_peers.empty());
  world.run(late.stop());
}

TEST_F(Bitswaps, cancel_what_is_no_longer_wanted_without_accusing_who_sends_it) {
  TestNode& server = add();
  TestNode& client = add();
  const auto cids = fill(server, 40, 200'000);
  const auto others = fill(server, 40, 1000, 100);
  begin(client, {&server});
  {
    TaskGroup tasks(client.system.waits, "cancelled");
    for (const Cid& cid : cids) tasks.spawn(fetch_one(cid));
    world.run_while_not([&] { return fetched >= 3; });
    world.run(tasks.stop());
  }
  fetched = 0;
  fetch(client, others);
  EXPECT_EQ(fetched, 40u);
  EXPECT_TRUE(bad_peers.empty());
  EXPECT_TRUE(failures.empty());
}

}  // namespace
}  // namespace shoal::content::bitswap
