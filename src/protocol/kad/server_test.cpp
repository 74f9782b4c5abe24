#include "protocol/kad/server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "format/key_codec.h"
#include "net/swarm_testing.h"
#include "protocol/kad/kad_testing.h"

namespace shoal::kad {
namespace {

using testing::content_of;
using testing::CountingRandom;
using testing::peer_of;
using testing::public_address;
using testing::public_ip;

/// The state of a server whose table is full of peers with addresses.
struct ServedState {
  explicit ServedState(Server::Scope scope)
      : server(
            self, {table, providers, values}, [this](const PeerId& id) { return known[id]; },
            random, scope) {}

  void add_peer(std::uint32_t number) {
    known[peer_of(number)] = {public_address(number)};
    table.offer(peer_of(number), IpGroup::of(public_ip(number)), now);
  }
  std::optional<Message> ask(const Message& request) {
    return server.answer(request, asker, public_address(9000), now);
  }

  const PeerId self = peer_of(0);
  const PeerId asker = peer_of(9000);
  TimePoint now{1000h};
  CountingRandom random;
  Validators validators;
  RoutingTable table{Key::of(self)};
  ProviderStore providers;
  ValueStore values{validators};
  std::map<PeerId, std::vector<Multiaddr>> known;
  Server server;
};

struct KadServerTest : ::testing::Test, ServedState {
  KadServerTest() : ServedState(Server::Scope::public_network) {
    for (std::uint32_t i = 1; i <= 100; ++i) add_peer(i);
  }
};

Message server_request(MessageType type, ByteView key) {
  Message out;
  out.type = type;
  out.key = to_bytes(key);
  return out;
}

Message announcement(const Multihash& content, std::vector<PeerInfo> providers) {
  Message out = server_request(MessageType::add_provider, content.encoded());
  out.providers = std::move(providers);
  return out;
}

template <class Call>
std::optional<ErrorCode> error_code_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

bool names(const std::vector<PeerInfo>& peers, const PeerId& id) {
  return std::ranges::find(peers, id, &PeerInfo::id) != peers.end();
}

TEST_F(KadServerTest, find_node_names_the_20_closest) {
  const Message request = server_request(MessageType::find_node, as_bytes("any point"));
  const auto answer = ask(request);
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->closer.size(), kReplication);
  const auto expected = table.closest(Key::of(request.key), kReplication);
  for (std::size_t i = 0; i < kReplication; ++i) EXPECT_EQ(answer->closer[i].id, expected[i].id);
}

TEST_F(KadServerTest, closer_peers_are_neither_the_asker_nor_us) {
  known[self] = {public_address(8000)};
  for (const PeerId& nearest : {peer_of(5), self}) {
    const Message request = server_request(MessageType::get_providers, nearest.encoded());
    const auto answer = server.answer(request, peer_of(5), public_address(5), now);
    EXPECT_FALSE(names(answer->closer, peer_of(5)));
    EXPECT_FALSE(names(answer->closer, self));
    EXPECT_EQ(answer->closer.size(), kReplication);
  }
  EXPECT_TRUE(
      names(ask(server_request(MessageType::find_node, peer_of(5).encoded()))->closer, peer_of(5)));
}

TEST_F(KadServerTest, find_node_names_a_known_peer_that_serves_no_dht) {
  const PeerId client = peer_of(500);
  known[client] = {public_address(500)};
  const auto answer = ask(server_request(MessageType::find_node, client.encoded()));
  EXPECT_EQ(answer->closer.at(0), (PeerInfo{client, {public_address(500)}, 0}));
  EXPECT_EQ(answer->closer.size(), kReplication);
}

TEST_F(KadServerTest, find_node_names_a_peer_of_the_table_once) {
  const auto answer = ask(server_request(MessageType::find_node, peer_of(7).encoded()));
  EXPECT_EQ(answer->closer.at(0).id, peer_of(7));
  EXPECT_EQ(std::ranges::count(answer->closer, peer_of(7), &PeerInfo::id), 1);
}

TEST_F(KadServerTest, names_nobody_without_an_address) {
  known.clear();
  EXPECT_TRUE(ask(server_request(MessageType::find_node, peer_of(7).encoded()))->closer.empty());
}

TEST_F(KadServerTest, hands_out_16_addresses_and_1_KiB_of_a_peer) {
  known[peer_of(7)].clear();
  for (std::uint8_t i = 0; i < 20; ++i) known[peer_of(7)].push_back(public_address(7, i));
  const Message request = server_request(MessageType::find_node, peer_of(7).encoded());
  EXPECT_EQ(ask(request)->closer.at(0).addresses.size(), PeerInfo::kMaxAddresses);
  const Multiaddr wide = Multiaddr::parse("/dns4/" + std::string(120, 'a') + "/tcp/1");
  known[peer_of(7)] = std::vector(16, wide);
  EXPECT_EQ(ask(request)->closer.at(0).addresses.size(),
            Server::kMaxAddressBytes / wide.encoded().size());
}

TEST_F(KadServerTest, announced_content_is_found) {
  const Multihash content = content_of(1);
  EXPECT_EQ(ask(announcement(content, {{asker, {public_address(1)}, 0}})), std::nullopt);
  const auto answer = ask(server_request(MessageType::get_providers, content.encoded()));
  EXPECT_EQ(answer->providers, (std::vector{PeerInfo{asker, {public_address(1)}, 0}}));
  EXPECT_EQ(answer->key, to_bytes(content.encoded()));
}

// F6
TEST_F(KadServerTest, nobody_announces_for_another) {
  const Multihash content = content_of(1);
  const PeerInfo other{peer_of(1), {public_address(1)}, 0};
  EXPECT_EQ(error_code_of([&] { ask(announcement(content, {other})); }), ErrorCode::malformed);
  EXPECT_EQ(error_code_of([&] { ask(announcement(content, {})); }), ErrorCode::malformed);
  ask(announcement(content, {other, {asker, {public_address(2)}, 0}}));
  EXPECT_EQ(providers.record_count(), 1u);
  EXPECT_EQ(providers.find(Key::of(content), now).at(0).id, asker);
}

// F6
TEST_F(KadServerTest, refuses_empty_keys_and_keys_beyond_80_bytes) {
  for (std::uint8_t type = 0; type < 5; ++type) {
    for (const std::size_t size : {std::size_t{0}, kMaxKeyBytes + 1}) {
      const Message request = server_request(static_cast<MessageType>(type), Bytes(size, 'k'));
      EXPECT_EQ(error_code_of([&] { ask(request); }), ErrorCode::malformed);
    }
  }
  EXPECT_TRUE(ask(server_request(MessageType::find_node, Bytes(kMaxKeyBytes, 'k'))));
  EXPECT_TRUE(ask(server_request(MessageType::get_providers, Bytes(1, 'k'))));
}

TEST_F(KadServerTest, keeps_private_addresses_from_the_public_network) {
  const Multihash content = content_of(1);
  const Multiaddr home = Multiaddr::parse("/ip4/192.168.1.2/tcp/4001");
  const Multiaddr loopback = Multiaddr::parse("/ip4/127.0.0.1/tcp/4001");
  ask(announcement(content, {{asker, {home, public_address(1), loopback}, 0}}));
  const Message request = server_request(MessageType::get_providers, content.encoded());
  EXPECT_EQ(ask(request)->providers.at(0).addresses, std::vector{public_address(1)});
  known[peer_of(7)] = {loopback, home};
  EXPECT_FALSE(
      names(ask(server_request(MessageType::find_node, peer_of(7).encoded()))->closer, peer_of(7)));
}

TEST(KadServer, a_lan_hands_out_private_addresses) {
  ServedState lan(Server::Scope::lan);
  const Multiaddr home = Multiaddr::parse("/ip4/192.168.1.2/tcp/4001");
  lan.ask(announcement(content_of(1), {{lan.asker, {home}, 0}}));
  const auto answer = lan.ask(server_request(MessageType::get_providers, content_of(1).encoded()));
  EXPECT_EQ(answer->providers.at(0).addresses, std::vector{home});
}

TEST_F(KadServerTest, names_40_of_many_providers_not_always_the_same) {
  const Multihash content = content_of(1);
  for (std::uint32_t i = 0; i < 100; ++i) {
    providers.add(Key::of(content), peer_of(i), {}, IpGroup::of(public_ip(i)), now);
  }
  std::map<PeerId, int> named;
  for (int i = 0; i < 50; ++i) {
    const auto answer = ask(server_request(MessageType::get_providers, content.encoded()));
    EXPECT_EQ(answer->providers.size(), Message::kMaxPeers);
    for (const PeerInfo& provider : answer->providers) ++named[provider.id];
  }
  EXPECT_GT(named.size(), 90u);
}

TEST_F(KadServerTest, the_largest_answer_fits_its_bound) {
  const Multihash content = content_of(1);
  const Multiaddr wide = Multiaddr::parse("/dns4/" + std::string(56, 'a') + "/tcp/1");
  for (auto& [id, addresses] : known) addresses = std::vector(16, wide);
  for (std::uint32_t i = 0; i < 100; ++i) {
    providers.add(Key::of(content), peer_of(i), std::vector(8, wide), IpGroup::of(public_ip(i)),
                  now);
  }
  const auto answer = ask(server_request(MessageType::get_providers, content.encoded()));
  EXPECT_LE(answer->encode().size(), Server::kMaxAnswerBytes);
  EXPECT_GT(answer->encode().size(), Server::kMaxAnswerBytes / 2);
  EXPECT_EQ(answer->closer.size() + answer->providers.size(), 60u);
}

TEST_F(KadServerTest, a_value_that_was_put_is_found) {
  const crypto::PublicKey key = net::testing::key_of(1).public_key();
  const std::string name = "/pk/" + std::string(as_text(PeerId::from_public_key(key).encoded()));
  Message put = server_request(MessageType::put_value, as_bytes(name));
  put.record = Record{put.key, encode_public_key(key), {}};
  put.closer = {{peer_of(1), {}, 0}};
  const auto stored = ask(put);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->record, put.record);
  EXPECT_TRUE(stored->closer.empty());
  const auto answer = ask(server_request(MessageType::get_value, put.key));
  EXPECT_EQ(answer->record, put.record);
  EXPECT_EQ(answer->closer.size(), kReplication);
  EXPECT_FALSE(ask(server_request(MessageType::get_value, as_bytes("/v/none")))->record);
}

TEST_F(KadServerTest, refuses_values_it_cannot_check_and_records_of_other_keys) {
  Message put = server_request(MessageType::put_value, as_bytes("/v/key"));
  EXPECT_EQ(error_code_of([&] { ask(put); }), ErrorCode::malformed);
  put.record = Record{to_bytes("/v/key"), to_bytes("value"), {}};
  EXPECT_EQ(error_code_of([&] { ask(put); }), ErrorCode::unsupported);
  put.key.clear();  // as rust-libp2p does
  EXPECT_EQ(error_code_of([&] { ask(put); }), ErrorCode::unsupported);
  put.key = to_bytes("/v/key");
  put.record->key = to_bytes("/v/other");
  EXPECT_EQ(error_code_of([&] { ask(put); }), ErrorCode::malformed);
}

TEST_F(KadServerTest, answers_pings_without_what_they_carried) {
  Message ping = server_request(MessageType::ping, {});
  ping.closer = {{peer_of(1), {}, 0}};
  EXPECT_EQ(ask(ping), server_request(MessageType::ping, {}));
}

TEST_F(KadServerTest, requests_beyond_the_rate_wait_and_then_fail) {
  Duration longest{};
  const auto flood = [&] {
    while (true) longest = std::max(longest, server.admit(asker, now));
  };
  EXPECT_EQ(error_code_of(flood), ErrorCode::limit);
  EXPECT_EQ(longest, RequestLimiter::kMaxWait);
  EXPECT_EQ(server.admit(peer_of(1), now), Duration{});
}

}  // namespace
}  // namespace shoal::kad
