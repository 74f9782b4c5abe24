#include "library/two_hosts.h"

namespace shoal::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = PeerEvent::Kind;

class PeerEvents : public TwoHosts {
 protected:
  Subscription listen(Node& node) {
    return node.on_peer([this](const PeerEvent& event) { events.push_back(event); });
  }
  std::vector<Kind> kinds() const {
    std::vector<Kind> out;
    for (const PeerEvent& event : events) out.push_back(event.kind);
    return out;
  }
  bool can_ask() {
    const auto work = [](Node& node, std::string peer) -> Async<void> {
      co_await ask(node, peer, kEcho, "hello");
    };
    return !failure(work(here, address)).has_value();
  }

  std::vector<PeerEvent> events;
};

TEST_F(PeerEvents, tell_who_comes_what_it_is_and_when_it_is_gone) {
  const Subscription subscription = listen(there);
  ASSERT_TRUE(can_ask());
  world.run_for(1s);
  EXPECT_THAT(kinds(), ElementsAre(Kind::connected, Kind::identified));
  EXPECT_EQ(events[0].peer.peer_id, here.peer_id());
  EXPECT_THAT(events[0].peer.address, ::testing::HasSubstr(here_host.ip()));
  EXPECT_EQ(events[1].peer.agent, "shoal/" + version());
  EXPECT_FALSE(events[1].peer.protocols.empty());
  there.disconnect(here.peer_id());
  world.run_for(1s);
  EXPECT_THAT(kinds(), ElementsAre(Kind::connected, Kind::identified, Kind::gone));
  EXPECT_TRUE(can_ask());
}

TEST_F(PeerEvents, end_with_their_subscription) {
  {
    const Subscription subscription = listen(there);
  }
  Subscription kept = listen(there);
  kept = {};
  ASSERT_TRUE(can_ask());
  EXPECT_THAT(events, IsEmpty());
}

TEST_F(PeerEvents, tell_of_all_when_the_node_stops) {
  Subscription subscription = listen(there);
  ASSERT_TRUE(can_ask());
  there.stop();
  EXPECT_EQ(kinds().back(), Kind::gone);
  EXPECT_THROW(subscription = listen(there), Error);
  subscription.end();
}

TEST_F(PeerEvents, may_deny_a_peer_from_within) {
  const Subscription subscription = there.on_peer([this](const PeerEvent& event) {
    if (event.kind == Kind::connected) there.deny(event.peer.peer_id);
  });
  EXPECT_FALSE(can_ask());
  world.run_for(1s);
  EXPECT_THAT(there.peers(), IsEmpty());
}

TEST_F(PeerEvents, denied_peers_are_refused_until_they_are_allowed) {
  ASSERT_TRUE(can_ask());
  there.deny(here.peer_id());
  world.run_for(1s);
  EXPECT_THAT(there.peers(), IsEmpty());
  EXPECT_FALSE(can_ask());
  there.allow(here.peer_id());
  EXPECT_TRUE(can_ask());
  here.deny(address);
  EXPECT_FALSE(can_ask());
  EXPECT_EQ(failure([](Node& node, std::string peer) -> Async<void> {
              co_await node.connect(peer);
            }(here, address)),
            ErrorCode::refused);
}

TEST_F(PeerEvents, only_those_allowed_are_served) {
  SimulatedHost host = world.add_host();
  std::vector<std::string> asked;
  std::vector<std::string> failed;
  NodeOptions options;
  options.allow = [&](const std::string& peer) {
    asked.push_back(peer);
    if (asked.size() == 1) throw std::runtime_error("cannot tell");
    return peer == here.peer_id();
  };
  options.on_error = [&failed](const UncaughtError& error) { failed.push_back(error.where); };
  Node guarded(host, std::move(options));
  guarded.serve(kEcho, echo);
  guarded.start();
  address = guarded.addresses().front();
  EXPECT_FALSE(can_ask());
  EXPECT_THAT(failed, ElementsAre("NodeOptions::allow"));
  EXPECT_TRUE(can_ask());
  EXPECT_THAT(guarded.peers(), SizeIs(1));
  EXPECT_THROW(guarded.run(guarded.connect(there.addresses().front())), Error);
}

TEST_F(PeerEvents, a_protocol_can_be_taken_back) {
  ASSERT_TRUE(can_ask());
  there.unserve(kEcho);
  there.unserve(kEcho);
  EXPECT_FALSE(can_ask());
  there.unserve("/ipfs/id/1.0.0");  // is not the user's
  there.serve(kEcho, echo);
  EXPECT_TRUE(can_ask());
}

TEST(Announced, addresses_come_first) {
  Simulation world;
  const std::string address = "/ip4/203.0.113.7/tcp/4001";
  Node node(world.add_host(), {.announce = {address}});
  node.start();
  EXPECT_EQ(node.addresses().front(), address + "/p2p/" + node.peer_id());
  const std::string other = address + "/p2p/" + Key::generate().peer_id();
  EXPECT_THROW(Node(world.add_host(), {.announce = {other}}), Error);
}

TEST(Keys, make_the_same_peer_again) {
  const Key key = Key::generate();
  const std::vector<std::byte> bytes = key.bytes();
  EXPECT_EQ(Key::from_bytes(bytes).peer_id(), key.peer_id());
  EXPECT_NE(Key::generate().peer_id(), key.peer_id());
  Simulation world;
  SimulatedHost host = world.add_host();
  Node node(host, {.home = "/home", .key = key});
  EXPECT_EQ(node.peer_id(), key.peer_id());
  EXPECT_THROW(host.read_file("/home/identity.key"), Error);
  node.stop();
  Node own(host, {.home = "/home"});
  EXPECT_NE(own.peer_id(), key.peer_id());
}

TEST(Keys, of_something_else_are_refused) {
  EXPECT_THROW(Key::from_bytes(bytes_of("no key")), Error);
  EXPECT_THROW(Key::from_bytes({}), Error);
  EXPECT_THROW(Key::from_bytes(std::vector<std::byte>(10'000)), Error);
}

}  // namespace
}  // namespace shoal::testing
