#include "lab/light_net.h"

#include <gtest/gtest.h>

#include "lab/lookups.h"
#include "lab/records.h"
#include "lab/upkeep.h"

// The model that experiments with thousands of nodes stand on.

namespace shoal::lab {
namespace {

TEST(LightNet, lookups_find_the_closest) {
  LightNet net(200, 1);
  const Lookups found = look_up(net, {}, 20);
  EXPECT_EQ(found.succeeded, 1);
  EXPECT_GE(found.found, 0.99);
}

TEST(LightNet, nodes_that_join_by_themselves_find_as_well_as_those_of_the_oracle) {
  LightNet net(1, 2);
  for (std::uint64_t i = 1; i < 45; ++i) {
    LightNode& node = net.node(net.add({.id = light_peer(2, i)}));
    node.meet(static_cast<std::uint32_t>(net.random().below(i)));
    net.world().run(node.keep_up());
  }
  // As the time between two rounds of upkeep lets everybody hear of everybody.
  net.world().run_for(11min);
  for (std::uint32_t i = 0; i < net.size(); ++i) net.world().run(net.node(i).keep_up());
  const Lookups found = look_up(net, {}, 20);
  EXPECT_EQ(found.succeeded, 1);
  EXPECT_GE(found.found, 0.97);
}

TEST(LightNet, who_is_gone_or_on_another_side_does_not_answer) {
  LightNet net(30, 3);
  const Record record = provide_some(net, 1).front();
  const std::uint32_t asker = (record.provider + 1) % 30;
  EXPECT_TRUE(finds(net, asker, record));
  for (std::uint32_t i = 0; i < 30; ++i) net.set_side(i, i == asker ? 1 : 0);
  EXPECT_FALSE(finds(net, asker, record));
  for (std::uint32_t i = 0; i < 30; ++i) net.set_side(i, 0);
  EXPECT_TRUE(finds(net, asker, record));
  for (std::uint32_t i = 0; i < 30; ++i) net.set_up(i, i == asker);
  EXPECT_FALSE(finds(net, asker, record));
}

TEST(LightNet, a_dial_costs_more_than_a_request_on_a_connection) {
  LightNet net(30, 4);
  const Bytes key = net.random().bytes(32);
  const kad::Closest first = net.world().run(net.node(0).find_closest(key));
  const kad::Closest second = net.world().run(net.node(0).find_closest(key));
  EXPECT_GT(first.took, 2 * second.took);
}

TEST(LightNet, the_order_in_which_nodes_are_first_used_changes_no_table) {
  LightNet one(100, 5), other(100, 5);
  one.node(3);
  other.node(50);
  other.node(3);
  const auto ids = [](LightNet& net) {
    std::vector<PeerId> out;
    for (const auto& entry : net.node(3).table().all()) out.push_back(entry.id);
    return out;
  };
  EXPECT_EQ(ids(one), ids(other));
}

TEST(PeersNear, share_at_least_so_many_bits) {
  const kad::Key target = kad::Key::of(as_bytes("key"));
  for (const PeerId& id : peers_near(target, 6, 5, 1)) {
    EXPECT_GE(kad::Key::of(id).common_prefix(target), 6u);
  }
}

}  // namespace
}  // namespace shoal::lab
