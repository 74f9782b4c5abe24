#include "base/varint.h"
#include "content/bitswap/bitswap_testing.h"
#include "content/bitswap/inbound.h"
#include "content/bitswap/server.h"
#include "net/scripted_stream.h"

namespace shoal::content::bitswap {
namespace {

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
  world.run_for(1s);
  using Stage = net::FailureCounts::Stage;
  EXPECT_EQ(server.swarm.failures().of(Stage::stream, ErrorCode::limit), 2u);
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

Message wants_of(std::size_t count) {
  Message out;
  for (std::size_t i = 0; i < count; ++i) {
    out.wants.push_back({Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes(std::to_string(i))))});
  }
  return out;
}

net::ProtocolStream scripted(net::testing::Script& script, const PeerId& peer) {
  return {std::make_unique<net::testing::ScriptedStream>(script), kProtocol_1_2, peer, 1};
}

TEST_F(Bitswaps, I7_take_the_longest_wantlist_in_pieces) {
  TestNode& node = add();
  std::vector<std::size_t> pieces;
  std::size_t full = 0;
  Event room(node.system.waits);
  Inbound inbound(node.system, node.swarm, room,
                  {.message =
                       [&](const PeerId&, const Message& part) {
                         pieces.push_back(part.wants.size());
                         full += part.full ? 1 : 0;
                       },
                   .blocks = [](const PeerId&, const std::vector<ReceivedBlock>&) {},
                   .has_room = [] { return true; },
                   .established = [](const PeerId&) { return true; }});
  Message longest = wants_of(kMaxEntries);
  longest.full = true;
  net::testing::Script script;
  script.incoming = {framed(longest)};
  world.run(inbound.serve(scripted(script, node.id())));
  EXPECT_EQ(pieces, std::vector(kMaxEntries / Inbound::kEntriesAtOnce, Inbound::kEntriesAtOnce));
  EXPECT_EQ(full, 1u);
  world.run(inbound.stop());
}

TEST_F(Bitswaps, I7_read_more_slowly_from_one_who_has_taken_no_block) {
  TestNode& node = add();
  Event room(node.system.waits);
  Inbound inbound(node.system, node.swarm, room,
                  {.message = [](const PeerId&, const Message&) {},
                   .blocks = [](const PeerId&, const std::vector<ReceivedBlock>&) {},
                   .has_room = [] { return true; },
                   .established = [](const PeerId&) { return false; }});
  const auto time_for = [&](double entries) {
    net::testing::Script script;
    script.incoming = {framed(wants_of(static_cast<std::size_t>(entries)))};
    const TimePoint began = world.now();
    world.run(inbound.serve(scripted(script, node.id())));
    return world.now() - began;
  };
  EXPECT_LT(time_for(Inbound::kBurstFirstEntries), 1s);
  EXPECT_LT(time_for(4 * Inbound::kFirstEntriesPerSecond), 1s);
  // What was said too much is worked off before anything more is read. Another stream changes
  // nothing.
  const Duration took = time_for(1);
  EXPECT_GT(took, 3s);
  EXPECT_LT(took, 5s);
  inbound.forget(node.id());
  EXPECT_LT(time_for(Inbound::kBurstFirstEntries), 1s);
  world.run(inbound.stop());
}

Task<void> begin_and_stall(TestNode& from, PeerId to) {
  net::ProtocolStream stream = co_await from.swarm.open(to, {kProtocol_1_2});
  Bytes begun;
  append_varint(begun, 1000);
  begun.resize(500);
  co_await write_all(*stream.stream, begun);
  co_await from.system.clock.sleep_for(1h);
}

TEST_F(Bitswaps, I7_wait_so_long_for_the_rest_of_a_message) {
  TestNode& server = add();
  TestNode& staller = add();
  staller.knows(server);
  TaskGroup tasks(world.waits(), "staller");
  tasks.spawn(begin_and_stall(staller, server.id()));
  const auto given_up = [&] {
    return server.swarm.failures().of(net::FailureCounts::Stage::stream, ErrorCode::timeout);
  };
  world.run_for(Inbound::kStallTimeout - 1s);
  EXPECT_EQ(given_up(), 0u);
  world.run_for(2s);
  EXPECT_EQ(given_up(), 1u);
  world.run(tasks.stop());
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

TEST_F(Bitswaps, C7_give_up_one_who_takes_nothing) {
  TestNode& node = add();
  TestNode& mute = add({});
  mute.swarm.protocols().add(kProtocol_1_2, [&mute](net::ProtocolStream stream) {
    return hold_stream(mute.system, std::move(stream));
  });
  node.knows(mute);
  world.run(node.swarm.connect(mute.id()));
  MemoryReader reader(node.blocks);
  Server server(node.system, node.swarm, reader);
  Message wants;
  for (const Cid& cid : fill(node, 3, 1 << 20)) wants.wants.push_back({cid});
  server.receive(mute.id(), wants);
  world.run_for(Server::kMaxFailures * OutboundStream::kStallTimeout - 1s);
  EXPECT_EQ(server.peers(), 1u);
  world.run_for(5s);
  EXPECT_EQ(server.peers(), 0u);
  world.run(server.stop());
}

TEST_F(Bitswaps, peers_that_read_nothing_keep_nobody_waiting) {
  TestNode& server = add();
  TestNode& honest = add();
  const auto cids = fill(server, 20, 1 << 20);
  TaskGroup mutes(world.waits(), "mutes");
  // More than newcomers may hold together.
  constexpr std::size_t kMutes = Server::kBudgetBytes / 2 / Server::kMessageBlockBytes + 8;
  for (std::size_t i = 0; i < kMutes; ++i) {
    TestNode& mute = add({});
    mute.swarm.protocols().add(kProtocol_1_2, [&mute](net::ProtocolStream stream) {
      return hold_stream(mute.system, std::move(stream));
    });
    mute.knows(server);
    mutes.spawn(want_and_read_nothing(mute, server.id(), cids));
  }
  world.run_for(5s);
  // Their blocks are put back: nobody has to go.
  using Stage = net::FailureCounts::Stage;
  EXPECT_EQ(server.swarm.failures().of(Stage::connection, ErrorCode::limit), 0u);
  begin(honest, {&server});
  fetch(honest, cids);
  EXPECT_EQ(fetched, 20u);
  EXPECT_LT(took, 5s);
  world.run(mutes.stop());
}

}  // namespace
}  // namespace shoal::content::bitswap
