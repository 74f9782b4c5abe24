#include "library/two_hosts.h"

namespace shoal::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Streams = TwoHosts;

Async<void> read_once(Node& node, std::string peer, std::string protocol) {
  PeerStream stream = co_await node.open(peer, protocol);
  co_await stream.read();
}

TEST_F(Streams, carry_bytes_both_ways) {
  EXPECT_EQ(here.run(ask(here, address, kEcho, "hello")), "hello");
  const std::string large(3'000'000, 'x');
  EXPECT_EQ(here.run(ask(here, there.peer_id(), kEcho, large)), large);
}

Async<void> answer_messages(PeerStream stream) {
  while (auto message = co_await stream.read_message(1000)) {
    message->push_back(std::byte{'!'});
    co_await stream.write_message(*message);
  }
  co_await stream.close();
}

TEST_F(Streams, carry_messages_with_their_length) {
  there.serve("/test/messages", answer_messages);
  std::vector<std::string> answers;
  here.run([](Node& node, std::string peer, std::vector<std::string>& into) -> Async<void> {
    PeerStream stream = co_await node.open(peer, "/test/messages");
    for (const std::string& text : {std::string("one"), std::string(), std::string(1000, 'x')}) {
      co_await stream.write_message(text);
    }
    co_await stream.close();
    while (const auto message = co_await stream.read_message()) {
      into.emplace_back(text_of(*message));
    }
  }(here, address, answers));
  EXPECT_THAT(answers, ::testing::ElementsAre("one!", "!", std::string(1000, 'x') + "!"));
}

TEST_F(Streams, messages_are_bounded_and_whole) {
  const auto talk = [](Node& node, std::string peer, std::string raw,
                       std::size_t most) -> Async<void> {
    PeerStream stream = co_await node.open(peer, kEcho);
    co_await stream.write(raw);
    co_await stream.close();
    while (co_await stream.read_message(most)) {
    }
  };
  const std::string five =
      "\x05"
      "12345";
  EXPECT_EQ(failure(talk(here, address, five, 5)), std::nullopt);
  EXPECT_EQ(failure(talk(here, address, five, 4)), ErrorCode::limit);
  EXPECT_EQ(failure(talk(here, address,
                         five + "\x02"
                                "x",
                         5)),
            ErrorCode::closed);
  EXPECT_EQ(failure(talk(here, address, std::string(11, '\xff'), 5)), ErrorCode::malformed);
}

TEST_F(Streams, tell_a_protocol_that_the_peer_does_not_speak) {
  EXPECT_EQ(failure(read_once(here, address, "/test/none")), ErrorCode::unsupported);
}

TEST_F(Streams, tell_who_could_not_be_reached) {
  there_host.set_online(false);
  EXPECT_EQ(failure(read_once(here, address, kEcho)), ErrorCode::unreachable);
}

TEST_F(Streams, refuse_words_that_are_no_peer_and_no_protocol) {
  EXPECT_EQ(failure(read_once(here, "nobody", kEcho)), ErrorCode::usage);
  EXPECT_EQ(failure(read_once(here, "/ip4/198.18.0.1/tcp/1", kEcho)), ErrorCode::usage);
  EXPECT_EQ(failure(read_once(here, address, "echo")), ErrorCode::usage);
  EXPECT_EQ(failure(read_once(here, address, "/" + std::string(1000, 'x'))), ErrorCode::usage);
}

Async<void> fail(PeerStream stream) {
  co_await stream.read();
  throw std::runtime_error("no error of ours");
}

Async<void> ask_who_fails(Node& node, std::string peer) {
  PeerStream stream = co_await node.open(peer, "/test/fail");
  co_await stream.write("x");
  co_await stream.read();
}

TEST_F(Streams, are_reset_when_their_handler_throws_and_nothing_else_is) {
  there.serve("/test/fail", fail);
  EXPECT_EQ(failure(ask_who_fails(here, address)), ErrorCode::closed);
  EXPECT_EQ(here.run(ask(here, address, kEcho, "still there")), "still there");
}

Async<void> drop(PeerStream stream) {
  co_await stream.read();
}

TEST_F(Streams, are_reset_when_dropped_without_close) {
  there.serve("/test/fail", drop);
  EXPECT_EQ(failure(ask_who_fails(here, address)), ErrorCode::closed);
}

Async<void> say_and_go(PeerStream stream) {
  co_await stream.write("all of it");
  co_await stream.close();
}

TEST_F(Streams, dropped_after_close_still_bring_all) {
  there.serve("/test/say", say_and_go);
  EXPECT_EQ(here.run(ask(here, address, "/test/say", "")), "all of it");
}

Async<void> read_twice_at_once(Node& node, std::string peer) {
  PeerStream stream = co_await node.open(peer, kEcho);
  std::vector<std::byte> one(1);
  std::vector<std::byte> two(1);
  std::vector<Async<void>> reads;
  reads.push_back(stream.read_exactly(one));
  reads.push_back(stream.read_exactly(two));
  co_await all(std::move(reads));
}

TEST_F(Streams, refuse_a_second_reader) {
  EXPECT_EQ(failure(read_twice_at_once(here, address)), ErrorCode::usage);
}

Async<void> read_nothing(Node& node, std::string peer) {
  PeerStream stream = co_await node.open(peer, kEcho);
  co_await stream.read(0);
}

TEST_F(Streams, refuse_a_read_of_no_bytes) {
  EXPECT_EQ(failure(read_nothing(here, address)), ErrorCode::usage);
}

Async<void> read_exactly_too_much(Node& node, std::string peer) {
  PeerStream stream = co_await node.open(peer, kEcho);
  co_await stream.write("abc");
  co_await stream.close();
  std::vector<std::byte> four(4);
  co_await stream.read_exactly(four);
}

TEST_F(Streams, say_closed_when_the_end_comes_too_early) {
  EXPECT_EQ(failure(read_exactly_too_much(here, address)), ErrorCode::closed);
}

Async<void> write_again(PeerStream& stream) {
  co_await stream.write("x");
}

TEST_F(Streams, held_beyond_the_node_throw_closed) {
  std::optional<PeerStream> stream(here.run(here.open(address, kEcho)));
  EXPECT_EQ(stream->peer_id(), there.peer_id());
  EXPECT_EQ(stream->protocol(), kEcho);
  here.stop();
  EXPECT_THROW(here.run(write_again(*stream)), Error);
  Node other(here_host);
  EXPECT_THROW(other.run(write_again(*stream)), Error);
  stream.reset();
}

TEST_F(Streams, can_be_reset_at_any_time) {
  PeerStream stream = here.run(here.open(address, kEcho));
  here.run(write_again(stream));
  stream.reset();
  EXPECT_EQ(failure(write_again(stream)), ErrorCode::closed);
}

TEST_F(Streams, may_be_served_by_a_lambda_with_captures) {
  std::string heard;
  there.serve("/test/hear", [&heard](PeerStream stream) -> Async<void> {
    ByteVector bytes = co_await stream.read();
    heard += text_of(bytes);
    co_await sleep_for(1s);
    heard += "!";
    co_await stream.close();
  });
  here.run(ask(here, address, "/test/hear", "yes"));
  EXPECT_EQ(heard, "yes!");
}

TEST_F(Streams, are_served_by_one_handler_for_each_protocol) {
  EXPECT_THROW(there.serve(kEcho, echo), Error);
}

TEST_F(Streams, share_the_limit_of_the_node) {
  Node slow(there_host, {.up = 100'000});
  slow.serve("/test/say", [](PeerStream stream) -> Async<void> {
    co_await stream.write(std::string(1'000'000, 'x'));
    co_await stream.close();
  });
  slow.start();
  const auto began = world.now();
  EXPECT_THAT(here.run(ask(here, slow.addresses().front(), "/test/say", "")), SizeIs(1'000'000));
  EXPECT_GT(world.now() - began, 8s);
  EXPECT_LT(world.now() - began, 14s);
}

TEST_F(Streams, come_from_peers_that_can_be_listed) {
  EXPECT_THAT(here.peers(), IsEmpty());
  here.run(ask(here, address, kEcho, "hello"));
  world.run_for(1s);
  ASSERT_THAT(here.peers(), SizeIs(1));
  const PeerInfo peer = here.peers().front();
  EXPECT_EQ(peer.peer_id, there.peer_id());
  EXPECT_THAT(peer.address, HasSubstr(there_host.ip()));
  EXPECT_EQ(peer.agent, "shoal/" + version());
  EXPECT_THAT(peer.protocols, ::testing::Contains(kEcho));
}

TEST_F(Streams, ping_takes_the_round_trip) {
  const auto took = here.run(here.ping(address));
  EXPECT_GE(took, 50ms);
  EXPECT_LT(took, 60ms);
}

TEST_F(Streams, connect_gives_the_peers_id) {
  EXPECT_EQ(here.run(here.connect(address)), there.peer_id());
}

}  // namespace
}  // namespace shoal::testing
