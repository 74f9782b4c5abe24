#include <gtest/gtest.h>

#include "protocol/gossipsub/gossipsub_sim_testing.h"

namespace shoal::gossipsub {
namespace {

using testing::GossipNet;
using testing::GossipNode;

constexpr const char* kTreeNews = "news";
constexpr std::size_t kTreeNodes = 20;

/// Whole nodes over simulated connections, in one topic.
class GossipsubTreesSim : public ::testing::Test {
 protected:
  void begin(std::size_t without_extension = 0) {
    for (std::size_t i = 0; i < kTreeNodes; ++i) {
      Parameters parameters;
      parameters.trees = i >= without_extension;
      net.add(parameters).subscribe(kTreeNews);
    }
    net.connect_all(4);
    net.run_for(5s);
  }
  void say(std::size_t node, const std::string& text) {
    net[node].publish(kTreeNews, text);
    net.run_for(3s);
  }
  /// How many of the others have exactly this, once.
  std::size_t take(std::size_t author, const std::string& text) {
    std::size_t out = 0;
    for (std::size_t i = 0; i < net.nodes.size(); ++i) {
      if (i == author) continue;
      out += net[i].take() == std::vector<std::string>{text} ? 1 : 0;
    }
    return out;
  }
  std::uint64_t duplicates() {
    std::uint64_t out = 0;
    for (auto& node : net.nodes) out += node->pubsub.counts().router.duplicates;
    return out;
  }

  GossipNet net;
};

TEST_F(GossipsubTreesSim, the_second_message_of_an_author_comes_once) {
  begin();
  say(0, "first");
  EXPECT_EQ(take(0, "first"), kTreeNodes - 1);
  EXPECT_GT(duplicates(), kTreeNodes);
  const std::uint64_t before = duplicates();
  for (int i = 0; i < 5; ++i) {
    say(0, "again");
    EXPECT_EQ(take(0, "again"), kTreeNodes - 1);
  }
  EXPECT_LE(duplicates() - before, 5 * kTreeNodes / 10);
}

TEST_F(GossipsubTreesSim, a_tree_mends_itself_when_nodes_are_cut_off) {
  begin();
  say(0, "first");
  say(0, "second");
  for (auto& node : net.nodes) node->take();
  std::vector<sim::Host*> gone;
  std::vector<sim::Host*> others;
  for (std::size_t i = 0; i < kTreeNodes; ++i) {
    (i % 7 == 3 ? gone : others).push_back(&net[i].net.host);
  }
  net.net.world.partition(gone, others);
  say(0, "third");
  EXPECT_EQ(take(0, "third"), others.size() - 1);
}

TEST_F(GossipsubTreesSim, large_messages_cross_once_in_pieces) {
  begin();
  const std::string text(500'000, 'x');
  net[2].publish(kTreeNews, text);
  net.run_for(10s);
  EXPECT_EQ(take(2, text), kTreeNodes - 1);
  EXPECT_EQ(duplicates(), 0U);
}

TEST_F(GossipsubTreesSim, nodes_without_the_extension_hear_and_are_heard) {
  begin(kTreeNodes / 2);
  const std::string large(300'000, 'y');
  for (const std::size_t author : {std::size_t{1}, kTreeNodes - 1}) {
    for (const std::string& text : {std::string("small"), large}) {
      net[author].publish(kTreeNews, text);
      net.run_for(10s);
      EXPECT_EQ(take(author, text), kTreeNodes - 1);
    }
  }
}

}  // namespace
}  // namespace shoal::gossipsub
