#include "protocol/mdns/peer_message.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "protocol/mdns/local_addresses.h"
#include "protocol/mdns/mdns_testing.h"

namespace shoal::mdns {
namespace {

using testing::CountingRandom;
using testing::lan_interface;
using testing::peer_of_seed;

std::vector<Multiaddr> tcp_addresses(std::size_t count) {
  std::vector<Multiaddr> out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto last = static_cast<std::uint8_t>(i);
    out.push_back(Multiaddr::tcp({IpAddress::v4({10, 0, 0, last}), 4001}));
  }
  return out;
}

Announcement announcement_of(std::uint8_t seed) {
  CountingRandom random(seed);
  return Announcement(random, peer_of_seed(seed), kServiceName);
}

/// A response that announces `instance` with these texts.
DnsMessage response_of(const DnsName& instance, Texts texts) {
  DnsMessage out{.response = true};
  const DnsName service = DnsName::parse(kServiceName);
  out.answers = {{.name = service, .ttl_seconds = 60, .data = Pointer{instance}}};
  out.additional = {{.name = instance, .ttl_seconds = 60, .data = std::move(texts)}};
  return out;
}

std::string dnsaddr(const std::string& address, std::uint8_t seed) {
  return "dnsaddr=" + address + "/p2p/" + peer_of_seed(seed).to_string();
}

TEST(PeerMessage, names_are_random_and_32_to_63_bytes_long) {
  for (std::uint8_t seed = 0; seed < 100; ++seed) {
    const Announcement one = announcement_of(seed);
    const auto length = static_cast<std::size_t>(one.instance.wire().front());
    EXPECT_GE(length, Announcement::kMinNameBytes);
    EXPECT_LE(length, Announcement::kMaxNameBytes);
    EXPECT_NE(one.instance, announcement_of(static_cast<std::uint8_t>(seed + 1)).instance);
  }
}

TEST(PeerMessage, an_answer_tells_peer_and_addresses) {
  const Announcement one = announcement_of(1);
  const DnsMessage sent = one.answer(tcp_addresses(3), 120);
  const auto peers = announced_peers(DnsMessage::decode(sent.encode()), one.service);
  ASSERT_EQ(peers.size(), 1U);
  EXPECT_EQ(peers[0].peer, peer_of_seed(1));
  EXPECT_EQ(peers[0].instance, one.instance);
  EXPECT_EQ(peers[0].addresses, tcp_addresses(3));
  EXPECT_EQ(peers[0].ttl_seconds, 120U);
}

TEST(PeerMessage, an_answer_has_what_zeroconf_needs) {
  const Announcement one = announcement_of(1);
  const DnsMessage sent = one.answer(tcp_addresses(2), 120);
  std::size_t texts = 0;
  std::size_t services = 0;
  std::size_t ips = 0;
  for (const Record& each : sent.additional) {
    texts += std::holds_alternative<Texts>(each.data) ? 1 : 0;
    ips += std::holds_alternative<IpAddress>(each.data) && each.name == one.host ? 1 : 0;
    const auto* service = std::get_if<Service>(&each.data);
    if (service != nullptr && service->host == one.host && service->port == 4001) ++services;
  }
  EXPECT_EQ(texts, 1U);
  EXPECT_EQ(services, 1U);
  EXPECT_EQ(ips, 2U);
}

TEST(PeerMessage, an_answer_fits_one_packet) {
  const DnsMessage sent = announcement_of(1).answer(tcp_addresses(200), 120);
  EXPECT_LE(sent.encode().size(), kMaxAnswerBytes);
  EXPECT_GE(std::get<Texts>(sent.additional.front().data).size(), 8U);
}

TEST(PeerMessage, leaves_out_addresses_that_no_text_holds) {
  const std::string host = "/dns4/" + std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                           std::string(60, 'c') + "/tcp/1";
  const DnsMessage sent = announcement_of(1).answer({Multiaddr::parse(host)}, 120);
  EXPECT_TRUE(std::get<Texts>(sent.additional.front().data).empty());
}

TEST(PeerMessage, reads_names_of_one_label_and_texts_among_answers) {
  // rust-libp2p's instance is a single label; js-libp2p's TXT records stand among the answers.
  DnsMessage response = response_of(DnsName::parse("abc"), {dnsaddr("/ip4/10.0.0.1/tcp/1", 1)});
  response.answers.push_back(
      {.name = DnsName::parse("abc"), .data = Texts{dnsaddr("/ip4/10.0.0.2/tcp/1", 1)}});
  const auto peers = announced_peers(response, DnsName::parse(kServiceName));
  ASSERT_EQ(peers.size(), 1U);
  EXPECT_EQ(peers[0].addresses.size(), 2U);
}

TEST(PeerMessage, skips_texts_that_are_no_address) {
  const auto peers = announced_peers(
      response_of(DnsName::parse("abc"),
                  {"", "a=b", "dnsaddr=", "dnsaddr=/new/thing", dnsaddr("/ip4/10.0.0.1/tcp/1", 1)}),
      DnsName::parse(kServiceName));
  ASSERT_EQ(peers.size(), 1U);
  EXPECT_EQ(peers[0].addresses.size(), 1U);
}

TEST(PeerMessage, skips_instances_without_one_peer) {
  const DnsName service = DnsName::parse(kServiceName);
  const DnsName name = DnsName::parse("abc");
  const std::string one = dnsaddr("/ip4/10.0.0.1/tcp/1", 1);
  const std::string two = dnsaddr("/ip4/10.0.0.1/tcp/1", 2);
  EXPECT_TRUE(announced_peers(response_of(name, {one, two}), service).empty());
  EXPECT_TRUE(announced_peers(response_of(name, {"dnsaddr=/ip4/10.0.0.1"}), service).empty());
  EXPECT_TRUE(announced_peers(response_of(name, {dnsaddr("", 1)}), service).empty());
  EXPECT_TRUE(announced_peers(response_of(name, {}), service).empty());
}

TEST(PeerMessage, bounds_addresses_of_a_peer) {
  Texts texts;
  for (int i = 0; i < 20; ++i)
    texts.push_back(dnsaddr("/ip4/10.0.0.1/tcp/" + std::to_string(i + 1), 1));
  const auto peers =
      announced_peers(response_of(DnsName::parse("abc"), texts), DnsName::parse(kServiceName));
  ASSERT_EQ(peers.size(), 1U);
  EXPECT_EQ(peers[0].addresses.size(), AnnouncedPeer::kMaxAddresses);
}

TEST(PeerMessage, bounds_texts_that_are_read) {
  const std::string address = dnsaddr("/ip4/10.0.0.1/tcp/1", 1);
  const DnsName service = DnsName::parse(kServiceName);
  Texts texts(AnnouncedPeer::kMaxTexts - 1, "dnsaddr=/nothing");
  texts.push_back(address);
  EXPECT_EQ(announced_peers(response_of(DnsName::parse("abc"), texts), service).size(), 1U);
  texts.insert(texts.begin(), "dnsaddr=/nothing");
  EXPECT_TRUE(announced_peers(response_of(DnsName::parse("abc"), texts), service).empty());
}

TEST(PeerMessage, bounds_peers_of_a_message) {
  DnsMessage response{.response = true};
  const DnsName service = DnsName::parse(kServiceName);
  for (std::uint8_t i = 0; i < AnnouncedPeer::kMaxPerMessage + 1; ++i) {
    const DnsName name = DnsName::parse("n" + std::to_string(i));
    response.answers.push_back({.name = service, .ttl_seconds = 60, .data = Pointer{name}});
    response.additional.push_back({.name = name, .data = Texts{dnsaddr("/ip4/10.0.0.1/tcp/1", i)}});
  }
  EXPECT_EQ(announced_peers(response, service).size(), AnnouncedPeer::kMaxPerMessage);
  for (Record& each : response.answers) each.ttl_seconds = 0;
  EXPECT_TRUE(announced_peers(response, service).empty());
  EXPECT_EQ(withdrawn_instances(response, service).size(), AnnouncedPeer::kMaxPerMessage);
}

TEST(PeerMessage, a_known_answer_is_not_wanted_again) {
  const Announcement one = announcement_of(1);
  EXPECT_TRUE(one.wanted_by(peers_query(one.service, {})).peer);
  EXPECT_FALSE(one.wanted_by(peers_query(one.service, {{one.instance, kTtlSeconds / 2}})).peer);
  EXPECT_TRUE(one.wanted_by(peers_query(one.service, {{one.instance, kTtlSeconds / 2 - 1}})).peer);
}

TEST(PeerMessage, tells_apart_what_is_wanted) {
  const Announcement one = announcement_of(1);
  const auto wanted = [&one](DnsName name, RecordType type, bool unicast = false) {
    DnsMessage query;
    query.questions = {{.name = std::move(name), .type = type, .unicast = unicast}};
    return one.wanted_by(query);
  };
  EXPECT_TRUE(wanted(one.instance, RecordType::txt).peer);
  EXPECT_TRUE(wanted(one.host, RecordType::aaaa).peer);
  EXPECT_TRUE(wanted(one.service, RecordType::any).peer);
  EXPECT_FALSE(wanted(one.service, RecordType::txt).peer);
  EXPECT_FALSE(wanted(DnsName::parse("_http._tcp.local"), RecordType::ptr).peer);
  EXPECT_TRUE(wanted(Announcement::all_services(), RecordType::ptr).service);
  EXPECT_TRUE(wanted(one.service, RecordType::ptr, true).unicast);
  EXPECT_FALSE(wanted(one.service, RecordType::ptr).unicast);
}

TEST(PeerMessage, legacy_answers_repeat_the_question) {
  DnsMessage query = peers_query(DnsName::parse(kServiceName), {});
  query.id = 77;
  const Announcement one = announcement_of(1);
  const DnsMessage answer = Announcement::as_legacy(one.answer(tcp_addresses(1), 120), query);
  EXPECT_EQ(answer.id, 77);
  EXPECT_EQ(answer.questions, query.questions);
  for (const Record& each : answer.additional) {
    EXPECT_FALSE(each.flush);
    EXPECT_EQ(each.ttl_seconds, kLegacyTtlSeconds);
  }
}

std::string accepted(const std::string& address) {
  const auto out = accepted_address(lan_interface(), Multiaddr::parse(address));
  return out ? out->to_string() : "";
}

TEST(LocalAddresses, accepts_only_what_is_near) {
  for (const std::string each :
       {"/ip4/192.168.7.7/tcp/1", "/ip4/203.0.113.77/tcp/1", "/ip6/fd09::1/udp/1/quic-v1"}) {
    EXPECT_EQ(accepted(each), each);
  }
  for (const std::string each :
       {"/ip4/203.0.114.1/tcp/1", "/ip6/2001:db8::1/tcp/1", "/dns4/example.com/tcp/1",
        "/ip4/127.0.0.1/tcp/1", "/ip4/0.0.0.0/tcp/1", "/ip4/224.0.0.251/udp/5353",
        "/ip6zone/3/ip6/fe80::1/tcp/1", "/ip6/::ffff:8.8.8.8/tcp/1"}) {
    EXPECT_EQ(accepted(each), "");
  }
  const std::string relayed = "/ip4/10.0.0.1/tcp/1/p2p/" + peer_of_seed(1).to_string();
  EXPECT_EQ(accepted(relayed + "/p2p-circuit"), "");
}

TEST(LocalAddresses, gives_link_local_ones_their_interface) {
  EXPECT_EQ(accepted("/ip6/fe80::1/tcp/1"), "/ip6zone/2/ip6/fe80::1/tcp/1");
}

TEST(LocalAddresses, says_only_addresses_of_the_interface) {
  const auto here = Multiaddr::parse("/ip4/203.0.113.5/tcp/1");
  const auto elsewhere = Multiaddr::parse("/ip4/10.0.0.1/tcp/1");
  const auto loopback = Multiaddr::parse("/ip4/127.0.0.1/tcp/1");
  const std::vector<Multiaddr> said = addresses_on(lan_interface(), {loopback, here, elsewhere});
  EXPECT_EQ(said, std::vector<Multiaddr>{here});
}

}  // namespace
}  // namespace shoal::mdns
