#include "protocol/gossipsub/gossipsub.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "protocol/gossipsub/gossipsub_sim_testing.h"

namespace shoal::gossipsub {
namespace {

using net::testing::failure_of;
using testing::GossipNet;
using testing::GossipNode;

constexpr const char* kNews = "news";
using Texts = std::vector<std::string>;

void subscribe_all(GossipNet& net) {
  for (auto& node : net.nodes) node->subscribe(kNews);
}

/// How many nodes, but for the publisher, have exactly `texts`, in any order.
std::size_t count_with(GossipNet& net, const GossipNode& publisher, Texts texts) {
  std::sort(texts.begin(), texts.end());
  std::size_t out = 0;
  for (auto& node : net.nodes) {
    if (!node->subscription || node.get() == &publisher) continue;
    Texts got = node->take();
    std::sort(got.begin(), got.end());
    out += got == texts ? 1 : 0;
  }
  return out;
}

Task<void> dial(net::Swarm& swarm, PeerId peer) {
  co_await swarm.connect(std::move(peer));
}

TEST(GossipsubSim, two_nodes_exchange_messages) {
  GossipNet net;
  GossipNode& a = net.add();
  GossipNode& b = net.add();
  subscribe_all(net);
  net.connect(a, b);
  net.run_for(3s);
  a.publish(kNews, "from a");
  b.publish(kNews, "from b");
  net.run_for(1s);
  EXPECT_EQ(a.take(), Texts{"from b"});
  EXPECT_EQ(b.take(), Texts{"from a"});
  EXPECT_EQ(a.pubsub.router().overlay().find(kNews)->mesh.size(), 1U);
}

TEST(GossipsubSim, speaks_every_protocol_of_a_peer) {
  for (const char* protocol : kProtocols) {
    GossipNet net;
    GossipNode& a = net.add();
    GossipNode& b = net.add();
    subscribe_all(net);
    net.connect(a, b, {protocol});
    net.run_for(3s);
    a.publish(kNews, "hello");
    net.run_for(1s);
    EXPECT_EQ(b.take(), Texts{"hello"}) << protocol;
    EXPECT_EQ(b.pubsub.router().peers().at(a.net.id).version, *version_of(protocol));
  }
}

TEST(GossipsubSim, learns_what_a_peer_speaks_from_its_stream) {
  GossipNet net;
  GossipNode& a = net.add();
  GossipNode& b = net.add();
  subscribe_all(net);
  a.net.connect(b.net);
  a.net.swarm.peers().set_protocols(b.net.id, testing::all_protocols());
  a.pubsub.peer_identified(b.net.id);
  net.run_for(3s);
  b.publish(kNews, "hello");
  net.run_for(1s);
  EXPECT_EQ(a.take(), Texts{"hello"});
}

TEST(GossipsubSim, twenty_nodes_get_each_message_once) {
  GossipNet net;
  for (int i = 0; i < 20; ++i) net.add();
  subscribe_all(net);
  net.connect_all(3);
  net.run_for(5s);
  Texts texts;
  for (int i = 0; i < 10; ++i) {
    texts.push_back("message " + std::to_string(i));
    net[0].publish(kNews, texts.back());
  }
  net.run_for(3s);
  EXPECT_EQ(count_with(net, net[0], texts), 19U);
}

TEST(GossipsubSim, large_messages_cross_in_whole) {
  GossipNet net;
  for (int i = 0; i < 10; ++i) net.add();
  subscribe_all(net);
  net.connect_all(3);
  net.run_for(5s);
  const std::string text(900'000, 'x');
  net[3].publish(kNews, text);
  net.run_for(10s);
  EXPECT_EQ(count_with(net, net[3], {text}), 9U);
}

TEST(GossipsubSim, joining_late_and_leaving_early_work) {
  GossipNet net;
  for (int i = 0; i < 20; ++i) net.add();
  for (int i = 0; i < 10; ++i) net[i].subscribe(kNews);
  net.connect_all(3);
  net.run_for(5s);
  for (int i = 10; i < 20; ++i) net[i].subscribe(kNews);
  net.run_for(5s);
  net[0].publish(kNews, "to all");
  net.run_for(3s);
  EXPECT_EQ(count_with(net, net[0], {"to all"}), 19U);
  for (int i = 5; i < 10; ++i) net[i].subscription.reset();
  net.run_for(15s);
  net[0].publish(kNews, "to most");
  net.run_for(3s);
  EXPECT_EQ(count_with(net, net[0], {"to most"}), 14U);
}

TEST(GossipsubSim, publishes_without_a_subscription) {
  GossipNet net;
  for (int i = 0; i < 10; ++i) net.add();
  for (int i = 1; i < 10; ++i) net[i].subscribe(kNews);
  net.connect_all(3);
  net.run_for(5s);
  net[0].publish(kNews, "hello");
  net.run_for(3s);
  EXPECT_EQ(count_with(net, net[0], {"hello"}), 9U);
}

TEST(GossipsubSim, a_hundred_nodes_survive_the_death_of_ten) {
  GossipNet net;
  for (int i = 0; i < 100; ++i) net.add();
  subscribe_all(net);
  net.connect_all(5);
  net.run_for(5s);
  net[0].publish(kNews, "before");
  net.run_for(3s);
  EXPECT_EQ(count_with(net, net[0], {"before"}), 99U);
  for (int i = 10; i < 20; ++i) {
    net[i].subscription.reset();
    net[i].net.host.set_online(false);
  }
  net[0].publish(kNews, "after");
  net.run_for(10s);
  EXPECT_EQ(count_with(net, net[0], {"after"}), 89U);
}

TEST(GossipsubSim, a_node_that_comes_back_takes_part_again) {
  GossipNet net;
  GossipNode& a = net.add();
  GossipNode& b = net.add();
  subscribe_all(net);
  net.connect(a, b);
  net.run_for(3s);
  a.net.swarm.disconnect(b.net.id);
  net.run_for(3s);
  EXPECT_TRUE(a.pubsub.router().peers().empty());
  EXPECT_TRUE(b.pubsub.router().peers().empty());
  net.connect(a, b);
  net.run_for(3s);
  a.publish(kNews, "again");
  net.run_for(1s);
  EXPECT_EQ(b.take(), Texts{"again"});
}

TEST(GossipsubSim, validators_decide_at_every_hop) {
  GossipNet net;
  for (int i = 0; i < 3; ++i) net.add();
  const auto judge = [](const Received& message) {
    return as_text(message.data()) == "good" ? Verdict::accept : Verdict::ignore;
  };
  net[0].subscribe(kNews);
  net[1].subscribe(kNews, {.validator = judge, .async_validator = {}, .inbox = {}});
  net[2].subscribe(kNews);
  net.connect(net[0], net[1]);
  net.connect(net[1], net[2]);
  net.run_for(3s);
  net[0].publish(kNews, "bad");
  net[0].publish(kNews, "good");
  net.run_for(2s);
  EXPECT_EQ(net[1].take(), Texts{"good"});
  EXPECT_EQ(net[2].take(), Texts{"good"});
}

TEST(GossipsubSim, gossip_brings_what_no_mesh_carries) {
  Parameters without_mesh;
  without_mesh.d = without_mesh.d_low = without_mesh.d_high = 0;
  without_mesh.d_out = without_mesh.d_score = 0;
  without_mesh.flood_publish = false;
  GossipNet net;
  GossipNode& a = net.add(without_mesh);
  GossipNode& b = net.add(without_mesh);
  subscribe_all(net);
  net.connect(a, b);
  net.run_for(3s);
  a.publish(kNews, "hello");
  net.run_for(2s);
  EXPECT_EQ(b.take(), Texts{"hello"});
}

TEST(GossipsubSim, dials_that_cross_leave_one_link) {
  GossipNet net;
  GossipNode& a = net.add();
  GossipNode& b = net.add();
  subscribe_all(net);
  for (auto [one, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    one->net.knows(other->net);
    one->net.swarm.peers().set_protocols(other->net.id, testing::all_protocols());
  }
  TaskGroup dials(a.net.system.waits, "dials");
  dials.spawn(dial(a.net.swarm, b.net.id));
  dials.spawn(dial(b.net.swarm, a.net.id));
  net.run_for(20s);
  for (int i = 0; i < 10; ++i) a.publish(kNews, std::to_string(i));
  net.run_for(2s);
  EXPECT_EQ(b.take().size(), 10U);
  b.publish(kNews, "back");
  net.run_for(1s);
  EXPECT_EQ(a.take(), Texts{"back"});
}

TEST(GossipsubSim, a_validator_ends_with_its_subscription) {
  GossipNet net;
  GossipNode& a = net.add();
  GossipNode& b = net.add();
  SubscribeOptions refusing;
  refusing.validator = [](const Received&) { return Verdict::ignore; };
  auto first = b.pubsub.subscribe(kNews, refusing);
  b.subscribe(kNews);
  EXPECT_THROW(b.pubsub.subscribe(kNews, refusing), Error);
  a.subscribe(kNews);
  net.connect(a, b);
  net.run_for(3s);
  a.publish(kNews, "one");
  net.run_for(1s);
  first.reset();
  a.publish(kNews, "two");
  net.run_for(1s);
  EXPECT_EQ(b.take(), Texts{"two"});
}

Task<Verdict> judge_later(System& system, Received message) {
  co_await system.clock.sleep_for(500ms);
  co_return as_text(message.data()) == "good" ? Verdict::accept : Verdict::reject;
}

TEST(GossipsubSim, a_validator_may_take_its_time) {
  GossipNet net;
  for (int i = 0; i < 2; ++i) net.add();
  net[0].subscribe(kNews);
  System& system = net[1].net.system;
  SubscribeOptions options;
  options.async_validator = [&system](Received message) {
    return judge_later(system, std::move(message));
  };
  net[1].subscribe(kNews, options);
  net.connect(net[0], net[1]);
  net.run_for(3s);
  net[0].publish(kNews, "bad");
  net[0].publish(kNews, "good");
  net.run_for(400ms);
  EXPECT_TRUE(net[1].take().empty());
  net.run_for(400ms);
  EXPECT_EQ(net[1].take(), Texts{"good"});
  EXPECT_LT(net[1].pubsub.router().score(net[0].net.id), 1);
  EXPECT_EQ(net[1].pubsub.counts().router.rejected, 1U);
}

TEST(GossipsubSim, messages_without_author_need_the_same_policy) {
  Parameters unsigned_ones;
  unsigned_ones.signature_policy = SignaturePolicy::strict_no_sign;
  GossipNet net;
  GossipNode& a = net.add(unsigned_ones);
  GossipNode& b = net.add(unsigned_ones);
  GossipNode& c = net.add();
  subscribe_all(net);
  net.connect(a, b);
  net.connect(a, c);
  net.run_for(3s);
  a.publish(kNews, "whoever");
  net.run_for(1s);
  EXPECT_EQ(b.take(), Texts{"whoever"});
  EXPECT_TRUE(c.take().empty());
  const auto failure = net.net.world.run(failure_of(a.pubsub.publish(kNews, to_bytes("whoever"))));
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code(), ErrorCode::exists);
}

TEST(GossipsubSim, refuses_what_does_not_fit) {
  GossipNet net;
  GossipNode& a = net.add();
  sim::World& world = net.net.world;
  const std::size_t most = a.pubsub.router().parameters().max_data_bytes;
  const auto too_large = world.run(failure_of(a.pubsub.publish(kNews, Bytes(most + 1))));
  ASSERT_TRUE(too_large);
  EXPECT_EQ(too_large->code(), ErrorCode::limit);
  EXPECT_FALSE(world.run(failure_of(a.pubsub.publish(kNews, Bytes(most)))));
  const std::string topic(kMaxTopicBytes + 1, 't');
  EXPECT_TRUE(world.run(failure_of(a.pubsub.publish(topic, {}))));
  EXPECT_THROW(a.subscribe(topic), Error);
}

TEST(GossipsubSim, a_slow_subscriber_misses_and_knows) {
  GossipNet net;
  GossipNode& a = net.add();
  GossipNode& b = net.add();
  a.subscribe(kNews);
  b.subscribe(kNews, {.validator = {}, .async_validator = {}, .inbox = {.messages = 3}});
  net.connect(a, b);
  net.run_for(3s);
  for (int i = 0; i < 5; ++i) a.publish(kNews, std::to_string(i));
  net.run_for(1s);
  EXPECT_EQ(b.subscription->missed(), 2U);
  EXPECT_EQ(b.take(), (Texts{"2", "3", "4"}));
}

TEST(GossipsubSim, stop_ends_subscriptions) {
  GossipNet net;
  GossipNode& a = net.add();
  a.subscribe(kNews);
  a.stop();
  EXPECT_FALSE(net.net.world.run(a.subscription->next()));
  a.subscription.reset();
}

TEST(GossipsubSim, the_same_seed_gives_the_same_run) {
  const auto run = [] {
    GossipNet net;
    for (int i = 0; i < 8; ++i) net.add();
    subscribe_all(net);
    net.connect_all(2);
    net.run_for(3s);
    net[0].publish(kNews, "hello");
    net.run_for(3s);
    return net.net.world.trace_hash();
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace shoal::gossipsub
