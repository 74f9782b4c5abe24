#include <gtest/gtest.h>

#include <deque>

#include "base/error.h"
#include "base/varint.h"
#include "content/bitswap/inbound.h"
#include "content/bitswap/server.h"
#include "content/bitswap/test_nodes.h"
#include "net/scripted_stream.h"
#include "system/sim/world.h"
#include "system/task_group.h"
#include "system/timeout.h"

namespace shoal::content::bitswap {
namespace {

Bytes content_of(int number, std::size_t bytes) {
  Bytes out(bytes);
  std::uint32_t state = static_cast<std::uint32_t>(number) * 2654435761u + 1;
  for (std::uint8_t& byte : out) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return out;
}

struct Bitswaps : testing::Test {
  ~Bitswaps() override {
    session.reset();
    for (TestNode& node : nodes) {
      world.run(node.stop());
    }
  }

  TestNode& add(std::vector<std::string> speaks = protocols()) {
    sim::Host& host = world.add_host();
    const auto number = static_cast<std::uint8_t>(nodes.size() + 1);
    return nodes.emplace_back(host.system(), host.address(), number, std::move(speaks));
  }
  /// A session of `node` with all others.
  void begin(TestNode& node, std::vector<TestNode*> sources) {
    node.node->when_bad_peer([this](const BadPeer& bad) { bad_peers.push_back(bad); });
    session = node.node->session();
    for (TestNode* source : sources) {
      node.knows(*source);
      session->add_peer(source->id());
    }
  }

  Task<void> fetch_one(Cid cid) {
    try {
      Block block = co_await session->fetch(cid);
      EXPECT_TRUE(cid.hash().matches(block.bytes.view()));
      ++fetched;
    } catch (const Error& error) {
      failures.push_back(error.code());
      messages.push_back(error.what());
    }
  }
  Task<void> fetch_all(System& system, std::vector<Cid> cids, Duration limit) {
    TaskGroup tasks(system.waits, "fetches");
    for (const Cid& cid : cids) tasks.spawn(fetch_one(cid));
    try {
      co_await within(system.clock, limit, tasks.join(), "fetching");
    } catch (const Error& error) {
      ADD_FAILURE() << error.what() << " after " << fetched << " blocks";
    }
    co_await tasks.stop();
  }
  void fetch(TestNode& node, std::vector<Cid> cids, Duration limit = 60s) {
    const TimePoint began = world.now();
    world.run(fetch_all(node.system, std::move(cids), limit));
    took = world.now() - began;
  }

  sim::World world;
  std::deque<TestNode> nodes;
  std::unique_ptr<Session> session;
  std::vector<BadPeer> bad_peers;
  std::vector<ErrorCode> failures;
  std::vector<std::string> messages;
  std::size_t fetched = 0;
  Duration took{};
};

std::vector<Cid> fill(TestNode& node, int count, std::size_t bytes, int first = 0) {
  std::vector<Cid> out;
  for (int i = first; i < first + count; ++i) out.push_back(node.blocks.add(content_of(i, bytes)));
  return out;
}

/// A peer that writes what it likes.
Task<void> write_raw(TestNode& from, PeerId to, Bytes bytes, std::string protocol = kProtocol_1_2) {
  net::ProtocolStream stream = co_await from.swarm.open(to, {protocol});
  std::uint8_t end = 0;
  try {
    co_await write_all(*stream.stream, bytes);
    co_await stream.stream->close_write();
    co_await stream.stream->read_some(MutableBytes(&end, 1));
  } catch (const Error&) {
    co_return;
  }
}

Bytes framed(const Message& message) {
  const EncodedMessage encoded = encode_message(message, Version::v1_2);
  Bytes out;
  for (const ByteView piece : encoded.pieces()) append(out, piece);
  return out;
}

TEST_F(Bitswaps, move_small_blocks_in_few_round_trips) {
  TestNode& server = add();
  TestNode& client = add();
  const auto cids = fill(server, 3000, 500);
  std::size_t sent = 0;
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
  TestNode& poor = add();
  TestNode& rich = add();
  TestNode& client = add();
  const auto cids = fill(rich, 100, 1000);
  fill(poor, 10, 1000);
  begin(client, {&poor, &rich});
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

TEST_F(Bitswaps, go_on_with_another_source_when_one_dies) {
  TestNode& mortal = add();
  TestNode& other = add();
  TestNode& client = add();
  const auto cids = fill(mortal, 300, 100'000);
  fill(other, 300, 100'000);
  begin(client, {&mortal, &other});
  mortal.node->when_sent([&, count = 0](const Sent&) mutable {
    if (++count == 20) mortal.swarm.disconnect(client.id());
  });
  fetch(client, cids);
  EXPECT_EQ(fetched, 300u);
}

TEST_F(Bitswaps, connect_again_to_the_only_source_after_it_disconnected) {
  TestNode& server = add();
  TestNode& client = add();
  const auto cids = fill(server, 100, 100'000);
  server.node->when_sent([&, count = 0](const Sent&) mutable {
    if (++count == 20) server.swarm.disconnect(client.id());
  });
  begin(client, {&server});
  fetch(client, cids);
  EXPECT_EQ(fetched, 100u);
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
  EXPECT_LT(took, 5500ms);
}

TEST_F(Bitswaps, send_a_block_once_that_is_fetched_twice_at_once) {
  TestNode& server = add();
  TestNode& client = add();
  const auto cids = fill(server, 1, 1000);
  std::size_t sent = 0;
  server.node->when_sent([&sent](const Sent&) { ++sent; });
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
  server.node->when_sent([&sent](const Sent&) { ++sent; });
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

TEST_F(Bitswaps, I1_forget_the_wants_of_a_peer_that_leaves) {
  TestNode& node = add();
  TestNode& flooder = add();
  node.knows(flooder);
  world.run(node.swarm.connect(flooder.id()));
  MemoryReader reader(node.blocks);
  Server server(node.system, node.swarm, reader);
  Message flood;
  for (int i = 0; i < 5000; ++i) {
    flood.wants.push_back({Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes(std::to_string(i))))});
  }
  server.receive(flooder.id(), flood);
  EXPECT_EQ(server.peers(), 1u);
  const net::ConnectionId connection = node.swarm.best(flooder.id())->id();
  node.swarm.disconnect(flooder.id());
  world.run_for(1s);
  server.disconnected(flooder.id(), connection, true);
  EXPECT_EQ(server.peers(), 0u);
  server.receive(flooder.id(), flood);  // what was still being read
  EXPECT_EQ(server.peers(), 0u);
  world.run(server.stop());
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

TEST_F(Bitswaps, I5_survive_messages_and_blocks_that_are_too_large) {
  TestNode& server = add();
  TestNode& client = add();
  client.knows(server);
  Bytes length;
  append_varint(length, kMaxMessageBytes + 1);
  world.run(write_raw(client, server.id(), length));
  Message large;
  large.blocks.push_back({CidPrefix(), SharedBytes(Bytes(kMaxBlockBytes + 1))});
  world.run(write_raw(client, server.id(), framed(large)));
  begin(client, {&server});
  fetch(client, fill(server, 5, 1000));
  EXPECT_EQ(fetched, 5u);
}

TEST_F(Bitswaps, disconnect_a_peer_that_keeps_sending_what_nobody_asked_for) {
  TestNode& victim = add();
  TestNode& sender = add();
  sender.knows(victim);
  Message message;
  for (int i = 0; i < 16; ++i) {
    message.blocks.push_back({CidPrefix(), SharedBytes(content_of(i, 10))});
  }
  world.run(write_raw(sender, victim.id(), framed(message)));
  EXPECT_NE(victim.swarm.best(sender.id()), nullptr);
  world.run(write_raw(sender, victim.id(), framed(message)));
  world.run_for(1s);
  EXPECT_EQ(victim.swarm.best(sender.id()), nullptr);
}

TEST_F(Bitswaps, C11_every_older_version_has_the_same_limits) {
  using Stage = net::FailureCounts::Stage;
  TestNode& server = add();
  TestNode& client = add();
  client.knows(server);
  Bytes length;
  append_varint(length, kMaxMessageBytes + 1);
  Message large;
  large.blocks.push_back({CidPrefix(), SharedBytes(Bytes(kMaxBlockBytes + 1))});
  std::uint64_t refused = 0;
  for (const std::string& version : protocols()) {
    world.run(write_raw(client, server.id(), length, version));
    world.run(write_raw(client, server.id(), framed(large), version));
    world.run_for(1s);
    refused += 2;
    EXPECT_EQ(server.swarm.failures().of(Stage::stream, ErrorCode::limit), refused) << version;
  }
}

TEST_F(Bitswaps, I7_take_the_longest_wantlist_in_pieces) {
  TestNode& node = add();
  std::vector<std::size_t> pieces;
  std::size_t full = 0;
  Inbound inbound(node.system,
                  {.message =
                       [&](const PeerId&, const Message& part) {
                         pieces.push_back(part.wants.size());
                         full += part.full ? 1 : 0;
                       },
                   .blocks = [](const PeerId&, std::vector<ReceivedBlock>) {},
                   .proven = [](const PeerId&) { return true; }},
                  Room::peers_of(node.swarm, "a message"));
  Message longest;
  longest.full = true;
  for (std::size_t i = 0; i < kMaxEntries; ++i) {
    longest.wants.push_back(
        {Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes(std::to_string(i))))});
  }
  net::testing::Script script;
  script.incoming = {framed(longest)};
  world.run(inbound.serve(
      {std::make_unique<net::testing::ScriptedStream>(script), kProtocol_1_2, node.id(), 1}));
  EXPECT_EQ(pieces, std::vector(kMaxEntries / Inbound::kEntriesAtOnce, Inbound::kEntriesAtOnce));
  EXPECT_EQ(full, 1u);
  world.run(inbound.stop());
}

/// Wants all that there is and reads nothing of it.
Task<void> want_and_read_nothing(TestNode& from, PeerId to, std::vector<Cid> cids) {
  net::ProtocolStream stream = co_await from.swarm.open(to, {kProtocol_1_2});
  Message message;
  for (const Cid& cid : cids) message.wants.push_back({cid});
  const Bytes bytes = framed(message);
  co_await write_all(*stream.stream, bytes);
  co_await from.system.clock.sleep_for(1h);
}

Task<void> hold_stream(System& system, net::ProtocolStream) {
  co_await system.clock.sleep_for(1h);
}

TEST_F(Bitswaps, I1_peers_that_read_nothing_hold_so_much_and_hold_up_nobody) {
  TestNode& server = add();
  TestNode& honest = add();
  const auto cids = fill(server, 20, 1 << 20);
  TaskGroup mutes(world.waits(), "mutes");
  constexpr std::size_t kMutes = Server::kRoomBytes / Server::kMessageBlockBytes + 8;
  for (std::size_t i = 0; i < kMutes; ++i) {
    TestNode& mute = add({});
    mute.swarm.protocols().add(kProtocol_1_2, [&mute](net::ProtocolStream stream) {
      return hold_stream(mute.system, std::move(stream));
    });
    mute.knows(server);
    mutes.spawn(want_and_read_nothing(mute, server.id(), cids));
  }
  world.run_for(5s);
  using Stage = net::FailureCounts::Stage;
  // Only as many were sent away as others waited for.
  EXPECT_GE(server.swarm.failures().of(Stage::connection, ErrorCode::limit), 8u);
  EXPECT_LE(server.swarm.failures().of(Stage::connection, ErrorCode::limit), kMutes);
  begin(honest, {&server});
  fetch(honest, cids);
  EXPECT_EQ(fetched, 20u);
  EXPECT_LT(took, 5s);
  world.run(mutes.stop());
}

}  // namespace
}  // namespace shoal::content::bitswap
