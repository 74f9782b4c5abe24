#include "service/topics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "node/node.h"
#include "system/sim/world.h"

namespace shoal::node {
namespace {

using ::testing::ElementsAre;

/// A node on a machine of its own, in one topic.
struct Member {
  Member(sim::World& its_world, sim::HostOptions options, Config config)
      : world(its_world), host(its_world.add_host(std::move(options))) {
    config.home = "/home";
    config.listen = {Multiaddr::tcp({host.address(), 4001})};
    config.agent = "shoal/test";
    config.ephemeral = true;
    node = std::make_unique<Node>(host.system(), std::move(config));
    node->start();
  }
  ~Member() {
    topic.reset();
    world.run(node->stop());
  }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  void open(const std::string& name, bool subscribe = true) {
    topic = node->topics().open(name, {.subscribe = subscribe});
  }
  void publish(std::string_view text) { world.run(topic->publish(to_bytes(text))); }
  std::vector<std::string> take() const {
    std::vector<std::string> out;
    while (auto next = topic->try_next()) out.emplace_back(as_text(next->data()));
    return out;
  }
  std::size_t peers() const { return topic->peers().size(); }
  Multiaddr address() const { return Multiaddr::tcp({host.address(), 4001}).with_peer(node->id()); }

  sim::World& world;
  sim::Host& host;
  std::unique_ptr<Node> node;
  std::unique_ptr<service::Topic> topic;
};

struct TopicsOfNodes : ::testing::Test {
  Member& add(Config config = {}, sim::HostOptions host = {}) {
    members.push_back(std::make_unique<Member>(world, std::move(host), std::move(config)));
    return *members.back();
  }
  Member& add_near() {
    sim::HostOptions host;
    host.lan = "home";
    Config config;
    config.lan = true;
    return add(std::move(config), std::move(host));
  }
  Member& add_by(const Member& way_in) {
    Config config;
    config.bootstrap = {way_in.address()};
    config.dht = true;
    return add(std::move(config));
  }
  Member& add_way_in() {
    Config config;
    config.dht = true;
    return add(std::move(config));
  }

  sim::World world;
  std::vector<std::unique_ptr<Member>> members;
};

TEST_F(TopicsOfNodes, meet_on_a_local_network_within_2s) {
  Member& one = add_near();
  one.open("picnic");
  world.run_for(10s);
  Member& other = add_near();
  other.open("picnic");
  world.run_for(2s);
  EXPECT_EQ(one.peers(), 1U);
  EXPECT_EQ(other.peers(), 1U);
  one.publish("hello");
  world.run_for(1s);
  EXPECT_THAT(other.take(), ElementsAre("hello"));
}

TEST_F(TopicsOfNodes, strangers_who_know_the_topic_meet_over_a_dht) {
  Member& way_in = add_way_in();
  world.run_for(2s);
  Member& one = add_by(way_in);
  Member& other = add_by(way_in);
  one.open("picnic");
  world.run_for(30s);
  EXPECT_EQ(one.peers(), 0U);
  other.open("picnic");
  world.run_for(5s);
  EXPECT_THAT(one.topic->peers(), ElementsAre(other.node->id()));
  other.publish("hello");
  world.run_for(1s);
  EXPECT_THAT(one.take(), ElementsAre("hello"));
  EXPECT_TRUE(way_in.node->topics().status().empty()) << "the way in is in no topic";
}

TEST_F(TopicsOfNodes, publisher_finds_subscribers_and_is_no_member) {
  Member& way_in = add_way_in();
  world.run_for(2s);
  Member& one = add_by(way_in);
  one.open("picnic");
  world.run_for(20s);
  Member& publisher = add_by(way_in);
  publisher.open("picnic", false);
  world.run_for(5s);
  EXPECT_EQ(publisher.peers(), 1U);
  EXPECT_EQ(one.peers(), 0U);
  publisher.publish("hello");
  EXPECT_EQ(world.run(publisher.topic->confirm()), 1U);
  EXPECT_THAT(one.take(), ElementsAre("hello"));
}

TEST_F(TopicsOfNodes, tell_who_comes_and_goes) {
  Member& one = add_near();
  one.open("picnic");
  std::vector<bool> told;
  const Subscription watching =
      one.topic->when_peer([&told](const PeerId&, bool joined) { told.push_back(joined); });
  {
    Member& other = add_near();
    other.open("picnic");
    world.run_for(2s);
    EXPECT_THAT(told, ElementsAre(true));
    other.topic.reset();
    world.run_for(1s);
    EXPECT_THAT(told, ElementsAre(true, false));
    other.open("picnic");
    world.run_for(1s);
    EXPECT_THAT(told, ElementsAre(true, false, true));
  }
  members.pop_back();
  world.run_for(1s);
  EXPECT_THAT(told, ElementsAre(true, false, true, false));
}

TEST_F(TopicsOfNodes, keep_connections_of_a_topic_while_it_is_open) {
  Member& one = add_near();
  Member& other = add_near();
  one.open("picnic");
  other.open("picnic");
  world.run_for(2s);
  const auto reasons = [&] { return one.node->swarm().manager().reasons(other.node->id()); };
  EXPECT_THAT(reasons(), ElementsAre("lan=10", "topic=20"));
  EXPECT_EQ(one.node->topics().status().at(0).peers, 1U);
  EXPECT_TRUE(one.node->topics().status().at(0).joined);
  one.topic.reset();
  EXPECT_THAT(reasons(), ElementsAre("lan=10"));
  EXPECT_FALSE(one.node->topics().status().at(0).joined);
}

TEST_F(TopicsOfNodes, say_nothing_of_topics_before_one_is_opened) {
  Member& one = add_near();
  world.run_for(1s);
  for (const std::string& protocol : one.node->swarm().protocols().names()) {
    EXPECT_EQ(protocol.find("meshsub"), std::string::npos) << protocol;
  }
}

TEST_F(TopicsOfNodes, refuse_names_beyond_the_limit) {
  Member& one = add();
  one.open(std::string(gossipsub::kMaxTopicBytes, 'x'));
  EXPECT_THROW(one.open(std::string(gossipsub::kMaxTopicBytes + 1, 'x')), Error);
}

TEST(MeetingPoint, is_that_of_other_implementations) {
  // go-libp2p-pubsub: a raw CID of the SHA-256 of "floodsub:" and the topic.
  EXPECT_EQ(service::meeting_point("news"),
            Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes("floodsub:news"))));
}

}  // namespace
}  // namespace shoal::node
