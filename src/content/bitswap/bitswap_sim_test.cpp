#include "base/varint.h"
#include "content/bitswap/bitswap_testing.h"
#include "content/bitswap/session.h"

namespace shoal::content::bitswap {
namespace {

TEST_F(Bitswaps, move_small_blocks_in_few_round_trips) {
  TestNode& server = add();
  TestNode& client = add();
  const auto cids = fill(server, 3000, 500);
  std::size_t sent = 0;
  const Subscription counting =
      server.node->when_sent([&sent](const Sent& one) { sent += one.bytes; });
  begin(client, {&server});
  fetch(client, cids);
  EXPECT_EQ(fetched, 3000u);
  EXPECT_EQ(sent, 3000u * 500);
  EXPECT_LT(took, 1500ms);  // at 50 ms for a round trip
  EXPECT_EQ(session->counts().blocks_fetched, 3000u);
  EXPECT_EQ(session->counts().blocks_duplicate, 0u);
  EXPECT_EQ(session->counts().bytes_hashed, 3000u * 500);
  ASSERT_EQ(session->counts().sources.size(), 1u);
  EXPECT_EQ(session->counts().sources[0].bytes, 3000u * 500);
}

TEST_F(Bitswaps, move_large_blocks_and_the_largest) {
  TestNode& server = add();
  TestNode& client = add();
  auto cids = fill(server, 16, 1 << 20);
  cids.push_back(server.blocks.add(content_of(99, kMaxBlockBytes)));
  begin(client, {&server});
  fetch(client, cids);
  EXPECT_EQ(fetched, 17u);
}

TEST_F(Bitswaps, load_every_source_and_fetch_nothing_twice) {
  TestNode& one = add();
  TestNode& two = add();
  TestNode& client = add();
  const auto cids = fill(one, 200, 100'000);
  fill(two, 200, 100'000);
  begin(client, {&one, &two});
  fetch(client, cids);
  EXPECT_EQ(fetched, 200u);
  EXPECT_EQ(session->counts().blocks_duplicate, 0u);
  ASSERT_EQ(session->counts().sources.size(), 2u);
  for (const SourceCount& source : session->counts().sources) EXPECT_GT(source.blocks, 50u);
}

TEST_F(Bitswaps, ask_another_peer_for_what_one_lacks) {
  TestNode& partial = add();
  TestNode& rich = add();
  TestNode& client = add();
  const auto cids = fill(rich, 100, 1000);
  fill(partial, 10, 1000);
  begin(client, {&partial, &rich});
  fetch(client, cids);
  EXPECT_EQ(fetched, 100u);
  EXPECT_LT(took, 2s);
}

TEST_F(Bitswaps, I8_hedge_against_a_peer_that_never_sends) {
  TestNode& staller = add();
  TestNode& honest = add();
  TestNode& client = add();
  const auto cids = fill(honest, 50, 1000);
  fill(staller, 50, 1000);
  staller.blocks.stalls = true;
  begin(client, {&staller, &honest});
  fetch(client, cids);
  EXPECT_EQ(fetched, 50u);
  EXPECT_LT(took, 4s);
}

TEST_F(Bitswaps, lose_less_than_two_timeouts_to_a_peer_that_never_sends) {
  constexpr int kBlocks = 400;
  Duration alone{};
  Duration beside{};
  for (Duration* const time : {&alone, &beside}) {
    const bool with_staller = time == &beside;
    TestNode& honest = add();
    TestNode& staller = add();
    TestNode& client = add();
    const auto cids = fill(honest, kBlocks, 20'000);
    fill(staller, kBlocks, 20'000);
    staller.blocks.stalls = true;
    honest.blocks.read_time = 10ms;
    fetched = 0;
    begin(client, with_staller ? std::vector{&staller, &honest} : std::vector{&honest});
    fetch(client, cids);
    EXPECT_EQ(fetched, static_cast<std::size_t>(kBlocks));
    *time = took;
  }
  EXPECT_GT(alone, 3s);
  EXPECT_LT(beside, alone + 2 * Tuning{}.stall);
}

TEST_F(Bitswaps, fetch_nothing_twice_from_sources_that_take_many_timeouts_for_a_block) {
  TestNode& one = add(protocols(), 40'000);
  TestNode& two = add(protocols(), 60'000);
  TestNode& client = add();
  const auto cids = fill(one, 12, 500'000);
  fill(two, 12, 500'000);
  begin(client, {&one, &two});
  fetch(client, cids, 200s);
  EXPECT_EQ(fetched, 12u);
  EXPECT_EQ(session->counts().blocks_duplicate, 0u);
  EXPECT_LT(took, 75s);  // 60 s if neither ever waited
}

TEST_F(Bitswaps, I8_lose_little_to_a_peer_that_only_trickles) {
  TestNode& trickle = add(protocols(), 20'000);  // a part of a message in 0.8 s
  TestNode& honest = add();
  TestNode& client = add();
  const auto cids = fill(honest, 40, 500'000);
  fill(trickle, 40, 500'000);
  begin(client, {&trickle, &honest});
  fetch(client, cids);
  EXPECT_EQ(fetched, 40u);
  EXPECT_LT(took, 4s);
}

TEST_F(Bitswaps, tell_how_much_of_a_block_has_come_and_gone) {
  TestNode& server = add(protocols(), 100'000);
  TestNode& client = add();
  const auto cids = fill(server, 1, 1'000'000);
  begin(client, {&server});
  TaskGroup tasks(client.system.waits, "fetches");
  tasks.spawn(fetch_one(cids[0]));
  world.run_for(6s);
  EXPECT_NEAR(static_cast<double>(session->bytes_arriving()), 600'000, 100'000);
  EXPECT_GE(server.node->bytes_leaving(), session->bytes_arriving());
  EXPECT_LT(server.node->bytes_leaving(), 1'000'000u);
  world.run(tasks.join());
  EXPECT_EQ(fetched, 1u);
  EXPECT_EQ(session->bytes_arriving(), 0u);
  world.run_for(1s);
  EXPECT_EQ(server.node->bytes_leaving(), 0u);
}

TEST_F(Bitswaps, go_on_with_another_source_when_one_dies) {
  TestNode& mortal = add();
  TestNode& other = add();
  TestNode& client = add();
  const auto cids = fill(mortal, 300, 100'000);
  fill(other, 300, 100'000);
  begin(client, {&mortal, &other});
  const Subscription counting = mortal.node->when_sent([&, count = 0](const Sent&) mutable {
    if (++count == 20) mortal.swarm.disconnect(client.id());
  });
  fetch(client, cids);
  EXPECT_EQ(fetched, 300u);
}

TEST_F(Bitswaps, connect_again_to_the_only_source_after_it_disconnected) {
  TestNode& server = add();
  TestNode& client = add();
  const auto cids = fill(server, 100, 100'000);
  const Subscription counting = server.node->when_sent([&, count = 0](const Sent&) mutable {
    if (++count == 20) server.swarm.disconnect(client.id());
  });
  begin(client, {&server});
  fetch(client, cids);
  EXPECT_EQ(fetched, 100u);
}

// As one that has more connections than it wants ends some.
TEST_F(Bitswaps, come_again_to_who_said_farewell_once_others_send_nothing) {
  TestNode& busy = add(protocols(), 100'000);
  TestNode& other = add(protocols(), 100'000);
  TestNode& client = add();
  const auto cids = fill(busy, 300, 10'000);
  fill(other, 300, 10'000);
  begin(client, {&busy, &other});
  TaskGroup fetches(world.waits(), "fetches");
  fetches.spawn(fetch_all(client.system, cids, 60s));
  world.run_for(2s);
  net::Connection* connection = busy.swarm.best(client.id());
  ASSERT_NE(connection, nullptr);
  connection->shutdown();
  world.run_for(8s);
  EXPECT_EQ(client.swarm.best(busy.id()), nullptr);
  const std::size_t of_other = fetched;
  EXPECT_GT(of_other, 80u);
  other.blocks.stalls = true;
  world.run_for(SessionState::kSilence + 3s);
  EXPECT_NE(client.swarm.best(busy.id()), nullptr);
  world.run(fetches.join());
  EXPECT_EQ(fetched, 300u);
}

TEST_F(Bitswaps, come_again_at_once_to_the_only_source_that_said_farewell) {
  TestNode& server = add(protocols(), 100'000);
  TestNode& empty = add();
  TestNode& client = add();
  const auto cids = fill(server, 100, 10'000);
  begin(client, {&server, &empty});
  TaskGroup fetches(world.waits(), "fetches");
  fetches.spawn(fetch_all(client.system, cids, 60s));
  world.run_for(2s);
  net::Connection* connection = server.swarm.best(client.id());
  ASSERT_NE(connection, nullptr);
  connection->shutdown();
  world.run_for(3s);
  EXPECT_NE(client.swarm.best(server.id()), nullptr);
  world.run(fetches.join());
  EXPECT_EQ(fetched, 100u);
}

// The server has not noticed yet that the peer went, and holds what that asked for.
TEST_F(Bitswaps, answer_who_lost_power_as_soon_as_it_is_back_and_with_what_it_asks_then) {
  TestNode& server = add(protocols(), 1'000'000);
  sim::Host& host = world.add_host();
  TestNode& before = nodes.emplace_back(host.system(), host.address(), 9);
  const auto large = fill(server, 8, 1'000'000);
  const auto small = fill(server, 8, 1000, 100);
  begin(before, {&server});
  {
    TaskGroup fetches(world.waits(), "before");
    for (const Cid& cid : large) fetches.spawn(fetch_one(cid));
    world.run_for(1500ms);
    host.crash();
    world.run(fetches.stop());
    session.reset();
    world.run(before.stop());
  }
  world.run_for(1s);
  TestNode& after = nodes.emplace_back(host.restart(), host.address(), 9);
  std::uint64_t sent = 0;
  const Subscription counting =
      server.node->when_sent([&](const Sent& block) { sent += block.bytes; });
  begin(after, {&server});
  fetched = 0;
  fetch(after, small);
  EXPECT_EQ(fetched, 8u);
  EXPECT_LT(took, 3s);
  world.run_for(60s);
  EXPECT_EQ(sent, 8000u);
  EXPECT_TRUE(bad_peers.empty());
}

TEST_F(Bitswaps, wait_for_the_only_source_while_it_is_away) {
  TestNode& server = add();
  TestNode& client = add();
  const auto cids = fill(server, 100, 100'000);
  const Subscription counting = server.node->when_sent([&, count = 0](const Sent&) mutable {
    if (++count != 20) return;
    world.host(0).set_online(false);
    server.swarm.disconnect(client.id());
    client.swarm.disconnect(server.id());
  });
  world.after(3min, [&] { world.host(0).set_online(true); });
  begin(client, {&server});
  fetch(client, cids, 5min);
  EXPECT_EQ(fetched, 100u);
  EXPECT_LT(took, 3min + SessionState::kMaxPause + 15s);
}

TEST_F(Bitswaps, fetch_from_and_serve_nodes_of_older_versions) {
  for (const char* version : {kProtocol_1_1, kProtocol_1_0}) {
    TestNode& old = add({version});
    TestNode& client = add({version});
    fetched = 0;
    begin(client, {&old});
    fetch(client, fill(old, 20, 1000));
    EXPECT_EQ(fetched, 20u) << version;
  }
}

TEST_F(Bitswaps, say_not_found_when_every_peer_keeps_saying_so) {
  TestNode& one = add();
  TestNode& two = add();
  TestNode& client = add();
  begin(client, {&one, &two});
  fetch(client, {Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes("nowhere")))});
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0], ErrorCode::not_found);
  EXPECT_GT(took, 10s);
  EXPECT_LT(took, 15s);
}

TEST_F(Bitswaps, say_at_once_that_nobody_has_the_top_of_a_tree) {
  TestNode& one = add();
  TestNode& two = add();
  TestNode& client = add();
  begin(client, {&one, &two});
  const Cid root = Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes("nowhere")));
  const TimePoint began = world.now();
  std::optional<ErrorCode> ended;
  const auto try_it = [](Session& from, Cid cid, std::optional<ErrorCode>& how) -> Task<void> {
    try {
      co_await from.fetch_root(cid);
    } catch (const Error& error) {
      how = error.code();
    }
  };
  world.run(try_it(*session, root, ended));
  EXPECT_EQ(ended, ErrorCode::not_found);
  EXPECT_LT(world.now() - began, 1s);
}

TEST_F(Bitswaps, say_at_once_that_nobody_listens_where_a_peer_should_be) {
  TestNode& client = add();
  TestNode& gone = add();
  world.run(gone.stop());
  begin(client, {&gone});
  fetch(client, {Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes("unreachable")))});
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0], ErrorCode::unreachable);
  EXPECT_LT(took, 1s);
}

TEST_F(Bitswaps, say_unreachable_with_the_reasons_when_nobody_can_be_connected) {
  TestNode& client = add();
  TestNode& gone = add();
  world.host(1).set_online(false);
  begin(client, {&gone});
  fetch(client, {Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes("unreachable")))}, 10min);
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0], ErrorCode::unreachable);
  EXPECT_NE(messages[0].find(gone.id().to_string()), std::string::npos);
}

TEST_F(Bitswaps, get_a_block_as_soon_as_it_comes_to_a_peer) {
  TestNode& server = add();
  TestNode& client = add();
  const Bytes content = content_of(1, 5000);
  const Cid cid = Cid::v1(Codec::raw, Multihash::sha2_256(content));
  world.after(5s, [&] {
    server.blocks.add(content);
    server.node->offer(cid.hash());
  });
  begin(client, {&server});
  fetch(client, {cid});
  EXPECT_EQ(fetched, 1u);
  EXPECT_GT(took, 4900ms);
  EXPECT_LT(took, 5050ms);  // at 50 ms for a round trip: it is not asked for again
}

/// Reads one message of each stream and ends that, as some do after a silence.
Task<void> read_one(std::vector<Message>& seen, net::ProtocolStream stream) {
  Bytes length(1);
  ByteView bytes;
  std::optional<std::uint64_t> count;
  for (std::size_t at = 0; !count; length.resize(++at + 1)) {
    co_await read_exactly(*stream.stream, MutableBytes(length).subspan(at, 1));
    bytes = ByteView(length).first(at + 1);
    count = take_varint(bytes);
  }
  Bytes body(*count);
  co_await read_exactly(*stream.stream, body);
  seen.push_back(decode_message(SharedBytes(std::move(body))));
  stream.stream->abort();
}

TEST_F(Bitswaps, write_again_at_once_what_fails_on_a_stream_that_the_peer_has_ended) {
  TestNode& node = add();
  TestNode& impatient = add({});
  std::vector<Message> seen;
  impatient.swarm.protocols().add(kProtocol_1_2, [&seen](net::ProtocolStream stream) {
    return read_one(seen, std::move(stream));
  });
  impatient.knows(node);
  const auto ask = [&](std::string_view name) {
    Message want;
    const Cid cid = Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes(name)));
    want.wants.push_back({cid, 1, false, WantType::have, true});
    world.run(write_raw(impatient, node.id(), framed(want)));
  };
  ask("one");
  world.run_for(11s);
  ASSERT_EQ(seen.size(), 1u);
  ask("two");
  world.run_for(150ms);  // a new stream takes a round trip of 50 ms
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[1].presences.size(), 1u);

  begin(node, {&impatient});
  TaskGroup tasks(node.system.waits, "fetches");
  for (const char* name : {"three", "four"}) {
    tasks.spawn(fetch_one(Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes(name)))));
    world.run_for(150ms);
  }
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_TRUE(seen[3].full);
  EXPECT_EQ(seen[3].wants.size(), 2u);
  world.run(tasks.stop());
}

TEST_F(Bitswaps, move_blocks_over_a_line_of_three_kilobytes_a_second) {
  TestNode& server = add(protocols(), 3000);
  TestNode& client = add();
  std::size_t sent = 0;
  const Subscription counting = server.node->when_sent([&sent](const Sent&) { ++sent; });
  begin(client, {&server});
  fetch(client, fill(server, 2, 500'000), 10min);
  EXPECT_EQ(fetched, 2u);
  EXPECT_EQ(sent, 2u);
}

TEST_F(Bitswaps, send_a_block_once_that_is_fetched_twice_at_once) {
  TestNode& server = add();
  TestNode& client = add();
  const auto cids = fill(server, 1, 1000);
  std::size_t sent = 0;
  const Subscription counting = server.node->when_sent([&sent](const Sent&) { ++sent; });
  begin(client, {&server});
  TaskGroup tasks(client.system.waits, "two");
  tasks.spawn(fetch_one(cids[0]));
  tasks.spawn(fetch_one(cids[0]));
  world.run(tasks.join());
  EXPECT_EQ(fetched, 2u);
  EXPECT_EQ(sent, 1u);
}

TEST_F(Bitswaps, let_two_sessions_share_one_answer) {
  TestNode& server = add();
  TestNode& client = add();
  const auto cids = fill(server, 1, 1000);
  std::size_t sent = 0;
  const Subscription counting = server.node->when_sent([&sent](const Sent&) { ++sent; });
  begin(client, {&server});
  const std::unique_ptr<Session> other = client.node->session();
  other->add_peer(server.id());
  Block second{cids[0], {}};
  const auto fetch_into = [](Session& from, Cid cid, Block& into) -> Task<void> {
    into = co_await from.fetch(cid);
  };
  TaskGroup tasks(client.system.waits, "two");
  tasks.spawn(fetch_one(cids[0]));
  tasks.spawn(fetch_into(*other, cids[0], second));
  world.run(tasks.join());
  EXPECT_EQ(fetched, 1u);
  EXPECT_EQ(second.bytes.size(), 1000u);
  EXPECT_EQ(sent, 1u);
  EXPECT_TRUE(bad_peers.empty());
}

TEST_F(Bitswaps, take_most_from_the_fastest_source) {
  TestNode& slow = add();
  TestNode& quick = add();
  TestNode& client = add();
  slow.blocks.read_time = 100ms;
  const auto cids = fill(quick, 400, 50'000);
  fill(slow, 400, 50'000);
  begin(client, {&slow, &quick});
  fetch(client, cids);
  EXPECT_EQ(fetched, 400u);
  for (const SourceCount& source : session->counts().sources) {
    if (source.peer == quick.id()) EXPECT_GT(source.blocks, 350u);
  }
  EXPECT_LT(took, 5s);
}

}  // namespace
}  // namespace shoal::content::bitswap
