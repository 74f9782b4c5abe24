#include <gtest/gtest.h>

#include "protocol/mdns/mdns.h"
#include "protocol/mdns/mdns_sim_testing.h"

namespace shoal::mdns {
namespace {

using testing::announced;
using testing::Finder;
using testing::Lan;
using testing::query_for_all;
using testing::Stranger;

TEST(Mdns, answers_the_group_at_most_once_a_second) {
  Lan lan;
  Finder a(lan.add());
  a.mdns.start();
  lan.world().run_for(20s);
  Stranger stranger(lan);
  for (int i = 0; i < 30; ++i) {
    stranger.send(query_for_all());
    lan.world().run_for(100ms);
  }
  EXPECT_GE(stranger.answers_to_group(), 3U);
  EXPECT_LE(stranger.answers_to_group(), 4U);
}

TEST(Mdns, answers_one_that_asks_for_unicast_alone) {
  Lan lan;
  Finder a(lan.add());
  a.mdns.start();
  lan.world().run_for(5s);
  Stranger stranger(lan);
  stranger.send(query_for_all(true));
  lan.world().run_for(10ms);
  EXPECT_EQ(stranger.messages.size(), 1U);
  EXPECT_EQ(stranger.answers_to_group(), 0U);
}

TEST(Mdns, answers_another_port_with_the_question_and_the_group_too) {
  Lan lan;
  Finder a(lan.add());
  Stranger listening(lan);
  a.mdns.start();
  lan.world().run_for(5s);
  Stranger asking(lan, 4321);
  const std::size_t before = listening.answers_to_group();
  DnsMessage query = query_for_all();
  query.id = 99;
  asking.send(query);
  lan.world().run_for(10ms);
  ASSERT_EQ(asking.messages.size(), 1U);
  EXPECT_EQ(asking.messages[0].id, 99);
  EXPECT_EQ(asking.messages[0].questions, query.questions);
  EXPECT_EQ(listening.answers_to_group(), before + 1);
}

TEST(Mdns, tells_its_service_to_one_that_lists_all) {
  Lan lan;
  Finder a(lan.add());
  a.mdns.start();
  lan.world().run_for(5s);
  Stranger stranger(lan);
  DnsMessage query;
  query.questions = {{.name = Announcement::all_services()}};
  stranger.send(query);
  lan.world().run_for(10ms);
  ASSERT_EQ(stranger.messages.size(), 1U);
  const auto* said = std::get_if<Pointer>(&stranger.messages[0].answers[0].data);
  ASSERT_NE(said, nullptr);
  EXPECT_EQ(said->target, DnsName::parse(kServiceName));
}

TEST(Mdns, believes_no_public_address) {
  Lan lan;
  Finder a(lan.add());
  a.mdns.start();
  Stranger stranger(lan);
  AnnouncedPeer peer = announced(200, "far");
  peer.addresses = {Multiaddr::parse("/ip4/8.8.8.8/tcp/4001")};
  stranger.announce(peer);
  lan.world().run_for(1s);
  EXPECT_TRUE(a.found.empty());
  peer.addresses.push_back(Multiaddr::parse("/ip4/10.1.1.1/tcp/4001"));
  stranger.announce(peer);
  lan.world().run_for(1s);
  ASSERT_EQ(a.found.size(), 1U);
  EXPECT_EQ(a.found[0].addresses, std::vector<Multiaddr>{peer.addresses[1]});
}

// H9: giant mDNS answers.
TEST(Mdns, drops_giant_and_broken_messages_and_goes_on) {
  Lan lan;
  Finder a(lan.add());
  Finder b(lan.add());
  a.mdns.start();
  {
    Stranger stranger(lan);
    lan.world().set_path(a.node.host, stranger.host(), {.latency = 1ms, .mtu = 65'535});
    stranger.send(Bytes(DatagramSocket::kMaxBytes, 0xff));
    stranger.send(Bytes());
    stranger.send(Bytes(12, 0xc0));
    lan.world().run_for(1s);
  }
  b.mdns.start();
  lan.world().run_for(1s);
  EXPECT_TRUE(a.has_found(b.node));
}

// H8: endless discovery replies.
TEST(Mdns, a_flood_costs_a_bounded_number_of_peers) {
  Lan lan;
  Finder a(lan.add());
  Finder b(lan.add());
  a.mdns.start();
  lan.world().run_for(5s);
  Stranger stranger(lan);
  for (int i = 0; i < 3000; ++i) {
    stranger.announce(announced(static_cast<std::uint8_t>(100 + i % 100), "n" + std::to_string(i)));
    if (i % 10 == 0) lan.world().run_for(10ms);
  }
  b.mdns.start();
  lan.world().run_for(1s);
  EXPECT_TRUE(a.has_found(b.node));
  EXPECT_LE(a.mdns.peer_count(), FoundPeers::kMaxPeersPerSource + 1);
}

}  // namespace
}  // namespace shoal::mdns
