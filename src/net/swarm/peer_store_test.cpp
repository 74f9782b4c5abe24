#include "net/swarm/peer_store.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "net/swarm/protocol_table.h"
#include "system/test_loop.h"

namespace shoal::net {
namespace {

class PeerStoreTest : public ::testing::Test {
 protected:
  static PeerId peer(std::uint32_t number) {
    Bytes identity = {0x00, 0x24, 0x08, 0x01, 0x12, 0x20};
    append(identity, Bytes(32));
    for (std::size_t i = 0; i < 4; ++i) {
      identity[6 + i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
    return PeerId::decode(identity);
  }

  static Multiaddr address(std::size_t port) {
    return Multiaddr::parse("/ip4/10.0.0.1/tcp/" + std::to_string(port));
  }

  void claim(const PeerId& who, const Multiaddr& where,
             AddressSource source = AddressSource::claimed) {
    store.add_address(who, where, source, 1h);
  }

  shoal::testing::TestLoop loop;
  PeerStore store{loop.clock};
  const PeerId anna = peer(1);
  const PeerId bob = peer(2);
};

TEST_F(PeerStoreTest, gives_the_surest_addresses_first) {
  claim(anna, address(1), AddressSource::hearsay);
  claim(anna, address(2), AddressSource::given_by_user);
  claim(anna, address(3), AddressSource::hearsay);
  claim(anna, address(4), AddressSource::connected);
  EXPECT_EQ(store.addresses(anna), (std::vector{address(2), address(4), address(1), address(3)}));
  claim(anna, address(3), AddressSource::connected);
  EXPECT_EQ(store.addresses(anna).at(2), address(3));
}

TEST_F(PeerStoreTest, A5_forgets_addresses_in_time) {
  store.add_address(anna, address(1), AddressSource::claimed, 10s);
  store.add_address(anna, address(2), AddressSource::claimed, 20s);
  loop.run(loop.clock.sleep_for(10s));
  EXPECT_EQ(store.addresses(anna), (std::vector{address(2)}));
}

TEST_F(PeerStoreTest, E2_holds_64_addresses_of_a_peer_and_prefers_the_surer) {
  for (std::size_t i = 1; i <= PeerStore::kMaxAddressesPerPeer + 1; ++i) claim(anna, address(i));
  EXPECT_EQ(store.addresses(anna).size(), PeerStore::kMaxAddressesPerPeer);
  claim(anna, address(1000), AddressSource::connected);
  EXPECT_EQ(store.addresses(anna).size(), PeerStore::kMaxAddressesPerPeer);
  EXPECT_EQ(store.addresses(anna).front(), address(1000));
}

TEST_F(PeerStoreTest, E2_holds_so_many_bytes_of_addresses_of_a_peer) {
  const std::string name(200, 'x');
  std::size_t each = 0;
  for (std::size_t i = 1; i <= PeerStore::kMaxAddressesPerPeer; ++i) {
    const auto large = Multiaddr::parse("/dns4/" + name + "/tcp/" + std::to_string(i));
    each = large.encoded().size();
    claim(anna, large);
  }
  EXPECT_EQ(store.addresses(anna).size(), PeerStore::kMaxAddressBytesPerPeer / each);
  claim(anna, address(1), AddressSource::connected);
  EXPECT_EQ(store.addresses(anna).front(), address(1));
}

TEST_F(PeerStoreTest, replaces_protocols_and_keeps_so_many_bytes_of_them) {
  EXPECT_EQ(store.protocols(anna), nullptr);
  store.set_protocols(anna, {"/a", "/b"});
  store.set_protocols(anna, {"/c"});
  EXPECT_FALSE(store.speaks(anna, "/a"));
  EXPECT_TRUE(store.speaks(anna, "/c"));
  const std::string name(256, 'p');
  store.set_protocols(anna, std::vector<std::string>(PeerStore::kMaxProtocols, name));
  EXPECT_EQ(store.protocols(anna)->size(), PeerStore::kMaxProtocolBytesPerPeer / name.size());
  store.set_protocols(anna, std::vector<std::string>(PeerStore::kMaxProtocols + 1, "/p"));
  EXPECT_EQ(store.protocols(anna)->size(), PeerStore::kMaxProtocols);
}

TEST_F(PeerStoreTest, keeps_protocols_that_several_peers_speak_once) {
  store.set_protocols(anna, {"/a", "/b"});
  store.set_protocols(bob, {"/a", "/b"});
  EXPECT_EQ(store.protocols(anna), store.protocols(bob));
  store.set_protocols(bob, {"/a", "/c"});
  EXPECT_TRUE(store.speaks(anna, "/b"));
  EXPECT_FALSE(store.speaks(bob, "/b"));
}

TEST_F(PeerStoreTest, cuts_long_agent_names) {
  store.set_agent(anna, std::string(100'000, 'a'));
  EXPECT_EQ(store.agent(anna), std::string(PeerStore::kMaxAgentBytes, 'a'));
}

TEST_F(PeerStoreTest, A5_E2_forgets_the_least_recently_heard_of_but_not_the_pinned) {
  store.pin(anna);
  claim(anna, address(1));
  for (std::uint32_t i = 2; i <= PeerStore::kMaxPeers; ++i) claim(peer(i), address(1));
  claim(peer(2), address(2));
  claim(peer(PeerStore::kMaxPeers + 1), address(1));
  EXPECT_EQ(store.size(), PeerStore::kMaxPeers);
  EXPECT_FALSE(store.addresses(anna).empty());
  EXPECT_FALSE(store.addresses(peer(2)).empty());
  EXPECT_TRUE(store.addresses(peer(3)).empty());
  store.unpin(anna);
  claim(peer(100'000), address(1));
  EXPECT_TRUE(store.addresses(anna).empty());
  EXPECT_EQ(store.size(), PeerStore::kMaxPeers);
}

TEST_F(PeerStoreTest, A5_of_strangers_that_have_gone_so_many_are_remembered) {
  constexpr std::uint32_t kStrangers = PeerStore::kMaxStrangersGone;
  claim(anna, address(1), AddressSource::given_by_user);
  for (std::uint32_t i = 1; i <= kStrangers + 1; ++i) {
    store.pin(peer(i));
    claim(peer(i), address(2));
    store.unpin(peer(i));
  }
  EXPECT_EQ(store.size(), kStrangers + 1);
  EXPECT_FALSE(store.addresses(anna).empty());
  store.pin(peer(kStrangers + 2));
  claim(peer(kStrangers + 2), address(2));
  store.unpin(peer(kStrangers + 2));
  EXPECT_EQ(store.size(), kStrangers + 1);
  EXPECT_TRUE(store.addresses(peer(2)).empty());
  EXPECT_FALSE(store.addresses(peer(3)).empty());
}

TEST_F(PeerStoreTest, of_a_peer_that_has_gone_the_surest_addresses_are_remembered) {
  store.pin(anna);
  for (std::size_t i = 1; i <= 20; ++i) claim(anna, address(i));
  claim(anna, address(99), AddressSource::connected);
  store.unpin(anna);
  EXPECT_EQ(store.addresses(anna).size(), PeerStore::kMaxAddressesOfAbsent);
  EXPECT_EQ(store.addresses(anna).front(), address(99));
}

TEST_F(PeerStoreTest, addresses_do_not_expire_while_connected) {
  store.pin(anna);
  claim(anna, address(1));
  loop.run(loop.clock.sleep_for(2h));
  claim(anna, address(2));
  EXPECT_EQ(store.addresses(anna).size(), 2u);
  store.unpin(anna);
  loop.run(loop.clock.sleep_for(PeerStore::kAfterConnection - 1s));
  EXPECT_EQ(store.addresses(anna).size(), 2u);
  loop.run(loop.clock.sleep_for(1s));
  EXPECT_EQ(store.addresses(anna), (std::vector{address(2)}));
}

TEST_F(PeerStoreTest, knows_who_told_an_address) {
  store.add_address(anna, address(1), AddressSource::hearsay, 1h, peer(2));
  store.add_address(anna, address(1), AddressSource::hearsay, 1h, peer(3));
  ASSERT_EQ(store.known(anna).size(), 1u);
  EXPECT_EQ(store.known(anna)[0].told_by, peer(2));
  store.add_address(anna, address(1), AddressSource::connected, 1h);
  EXPECT_EQ(store.known(anna)[0].told_by, std::nullopt);
  EXPECT_EQ(store.known(anna)[0].source, AddressSource::connected);
  store.remove_address(anna, address(1));
  EXPECT_TRUE(store.addresses(anna).empty());
}

TEST_F(PeerStoreTest, saves_and_restores_sure_addresses) {
  store.pin(anna);
  claim(anna, address(1), AddressSource::connected);
  claim(anna, address(2), AddressSource::hearsay);
  store.note_useful(anna);
  store.unpin(anna);
  claim(peer(2), address(3), AddressSource::signed_record);
  claim(peer(3), address(4), AddressSource::claimed);
  PeerStore other(loop.clock);
  other.restore(store.save());
  EXPECT_EQ(other.size(), 2u);
  EXPECT_EQ(other.addresses(anna), (std::vector{address(1)}));
  EXPECT_EQ(other.addresses(peer(2)), (std::vector{address(3)}));
  loop.run(loop.clock.sleep_for(2h));
  EXPECT_TRUE(other.addresses(peer(2)).empty());
  loop.run(loop.clock.sleep_for(PeerStore::kUsefulLifetime - 3h));
  PeerStore third(loop.clock);
  third.restore(other.save());
  EXPECT_EQ(third.addresses(anna), (std::vector{address(1)}));
  loop.run(loop.clock.sleep_for(2h));
  EXPECT_TRUE(third.addresses(anna).empty());
}

TEST_F(PeerStoreTest, saves_useful_peers_first_within_its_bound) {
  store.note_useful(anna);
  claim(anna, address(1), AddressSource::connected);
  const std::string name(200, 'x');
  for (std::uint32_t i = 2; i < PeerStore::kMaxPeers; ++i) {
    claim(peer(i), Multiaddr::parse("/dns4/" + name + "/tcp/1"), AddressSource::connected);
  }
  const Bytes saved = store.save();
  EXPECT_LE(saved.size(), PeerStore::kMaxSavedBytes);
  EXPECT_GT(saved.size(), PeerStore::kMaxSavedBytes - 300);
  PeerStore other(loop.clock);
  other.restore(saved);
  EXPECT_FALSE(other.addresses(anna).empty());
  EXPECT_FALSE(other.addresses(peer(PeerStore::kMaxPeers - 1)).empty());
  EXPECT_TRUE(other.addresses(peer(2)).empty());
}

TEST_F(PeerStoreTest, refuses_what_it_did_not_save) {
  claim(anna, address(1), AddressSource::connected);
  const Bytes saved = store.save();
  PeerStore other(loop.clock);
  for (std::size_t size = 0; size < saved.size(); ++size) {
    try {
      other.restore(ByteView(saved).first(size));
    } catch (const Error&) {
      continue;
    }
    EXPECT_EQ(other.size(), 0u) << size;
  }
}

TEST_F(PeerStoreTest, E7_a_flood_of_addresses_counts_nothing_that_could_overflow) {
  static_assert(sizeof(ConnectionId) == 8);
  for (std::size_t i = 0; i < 200'000; ++i) claim(anna, address(1 + i % 65'000));
  EXPECT_EQ(store.addresses(anna).size(), PeerStore::kMaxAddressesPerPeer);
  EXPECT_EQ(store.size(), 1U);
}

}  // namespace
}  // namespace shoal::net
