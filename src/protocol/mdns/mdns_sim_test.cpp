#include "protocol/mdns/mdns.h"

#include <gtest/gtest.h>

#include "protocol/mdns/mdns_sim_testing.h"

namespace shoal::mdns {
namespace {

using testing::Finder;
using testing::Lan;

TEST(Mdns, two_find_each_other_as_soon_as_the_second_starts) {
  Lan lan;
  Finder a(lan.add());
  Finder b(lan.add());
  a.mdns.start();
  lan.world().run_for(10s);
  b.mdns.start();
  lan.world().run_for(10ms);
  EXPECT_TRUE(a.has_found(b.node));
  EXPECT_TRUE(b.has_found(a.node));
  EXPECT_EQ(b.found.front().addresses, std::vector<Multiaddr>{a.node.address()});
}

TEST(Mdns, three_that_start_together_find_each_other) {
  Lan lan;
  Finder a(lan.add());
  Finder b(lan.add());
  Finder c(lan.add());
  for (Finder* each : {&a, &b, &c}) each->mdns.start();
  lan.world().run_for(200ms);
  for (Finder* each : {&a, &b, &c}) EXPECT_EQ(each->mdns.peer_count(), 2U);
}

TEST(Mdns, a_third_is_answered_within_a_second_of_others) {
  Lan lan;
  Finder a(lan.add());
  Finder b(lan.add());
  Finder c(lan.add());
  a.mdns.start();
  lan.world().run_for(10s);
  b.mdns.start();
  lan.world().run_for(300ms);
  c.mdns.start();
  lan.world().run_for(50ms);
  EXPECT_EQ(c.mdns.peer_count(), 2U);
}

TEST(Mdns, find_each_other_although_packets_get_lost) {
  Lan lan;
  Finder a(lan.add());
  Finder b(lan.add());
  lan.world().set_path(a.node.host, b.node.host, {.latency = 1ms, .loss = 0.4});
  a.mdns.start();
  b.mdns.start();
  lan.world().run_for(15s);
  EXPECT_TRUE(a.has_found(b.node));
  EXPECT_TRUE(b.has_found(a.node));
}

TEST(Mdns, crowds_find_each_other) {
  Lan lan;
  std::vector<std::unique_ptr<Finder>> all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(std::make_unique<Finder>(lan.add()));
    all.back()->mdns.start();
    lan.world().run_for(100ms);
  }
  lan.world().run_for(2s);
  for (const auto& each : all) EXPECT_EQ(each->mdns.peer_count(), 19U);
}

TEST(Mdns, another_network_is_not_heard) {
  Lan lan;
  Finder a(lan.add("home"));
  Finder b(lan.add("office"));
  a.mdns.start();
  b.mdns.start();
  lan.world().run_for(10s);
  EXPECT_EQ(a.mdns.peer_count() + b.mdns.peer_count(), 0U);
}

TEST(Mdns, private_networks_do_not_meet_others) {
  Lan lan;
  Finder a(lan.add(), {.service = "_p2p-aabb._udp.local"});
  Finder b(lan.add(), {.service = "_p2p-aabb._udp.local"});
  Finder c(lan.add());
  for (Finder* each : {&a, &b, &c}) each->mdns.start();
  lan.world().run_for(10s);
  EXPECT_TRUE(a.has_found(b.node));
  EXPECT_EQ(a.mdns.peer_count(), 1U);
  EXPECT_EQ(c.mdns.peer_count(), 0U);
}

TEST(Mdns, a_peer_that_stays_is_renewed_and_never_gone) {
  Lan lan;
  Finder a(lan.add());
  Finder b(lan.add());
  a.mdns.start();
  b.mdns.start();
  lan.world().run_for(20min);
  EXPECT_EQ(a.times_fresh(b.node.id), 1U);
  EXPECT_GT(a.found.size(), 5U);
  EXPECT_TRUE(a.gone.empty());
}

TEST(Mdns, one_that_says_goodbye_is_gone_in_seconds) {
  Lan lan;
  Finder a(lan.add());
  Finder b(lan.add());
  a.mdns.start();
  b.mdns.start();
  lan.world().run_for(5s);
  b.stop();
  lan.world().run_for(FoundPeers::kGoodbyeDelay + Mdns::kInterfacePoll);
  EXPECT_EQ(a.gone, std::vector<PeerId>{b.node.id});
}

TEST(Mdns, one_that_is_killed_is_gone_when_it_expires) {
  Lan lan;
  Finder a(lan.add());
  Finder b(lan.add());
  a.mdns.start();
  b.mdns.start();
  lan.world().run_for(5s);
  b.node.host.crash();
  lan.world().run_for(110s);
  EXPECT_TRUE(a.gone.empty());
  lan.world().run_for(20s);
  EXPECT_EQ(a.gone, std::vector<PeerId>{b.node.id});
}

TEST(Mdns, one_that_only_listens_is_not_found) {
  Lan lan;
  Finder a(lan.add());
  Finder b(lan.add(), {.announce = false});
  a.mdns.start();
  b.mdns.start();
  lan.world().run_for(10s);
  EXPECT_TRUE(b.has_found(a.node));
  EXPECT_EQ(a.mdns.peer_count(), 0U);
  b.stop();
}

TEST(Mdns, notices_an_interface_that_comes_late) {
  Lan lan;
  Finder a(lan.add());
  Finder b(lan.add());
  b.node.host.set_online(false);
  a.mdns.start();
  b.mdns.start();
  lan.world().run_for(30s);
  EXPECT_FALSE(b.has_found(a.node));
  b.node.host.set_online(true);
  lan.world().run_for(Mdns::kInterfacePoll + 100ms);
  EXPECT_TRUE(b.has_found(a.node));
  EXPECT_TRUE(a.has_found(b.node));
}

TEST(Mdns, peers_are_gone_with_the_interface) {
  Lan lan;
  Finder a(lan.add());
  Finder b(lan.add());
  a.mdns.start();
  b.mdns.start();
  lan.world().run_for(5s);
  a.node.host.set_online(false);
  lan.world().run_for(Mdns::kInterfacePoll);
  EXPECT_EQ(a.gone, std::vector<PeerId>{b.node.id});
}

TEST(Mdns, announces_its_new_address) {
  Lan lan;
  Finder a(lan.add());
  Finder b(lan.add());
  a.mdns.start();
  b.mdns.start();
  lan.world().run_for(30s);
  b.node.host.set_addresses({IpAddress::v4({5, 0, 0, 77})});
  lan.world().run_for(Mdns::kInterfacePoll + 100ms);
  EXPECT_EQ(a.found.back().addresses, std::vector<Multiaddr>{b.node.address()});
}

}  // namespace
}  // namespace shoal::mdns
