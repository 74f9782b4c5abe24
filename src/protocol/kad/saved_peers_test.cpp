#include "protocol/kad/saved_peers.h"

#include <gtest/gtest.h>

#include "protocol/kad/kad_testing.h"

namespace shoal::kad {
namespace {

using testing::peer_of;
using testing::public_address;
using testing::public_ip;

SavedPeer saved_peer(std::uint32_t number, std::size_t addresses = 1) {
  SavedPeer out{peer_of(number), public_ip(number), 20ms, {}};
  for (std::uint8_t i = 0; i < addresses; ++i) {
    out.addresses.push_back(public_address(number, i));
  }
  return out;
}

std::vector<SavedPeer> saved_peers(std::uint32_t count) {
  std::vector<SavedPeer> out;
  for (std::uint32_t i = 0; i < count; ++i) out.push_back(saved_peer(i));
  return out;
}

TEST(KadSavedPeers, reads_what_it_wrote) {
  EXPECT_EQ(decode_saved_peers(encode_saved_peers(saved_peers(10))), saved_peers(10));
  EXPECT_TRUE(decode_saved_peers({}).empty());
}

TEST(KadSavedPeers, keeps_1024_peers_and_8_addresses_of_each) {
  const auto read = decode_saved_peers(encode_saved_peers(saved_peers(kMaxSavedPeers + 1)));
  EXPECT_EQ(read.size(), kMaxSavedPeers);
  const std::vector<SavedPeer> many = {saved_peer(1, SavedPeer::kMaxAddresses + 1)};
  EXPECT_EQ(decode_saved_peers(encode_saved_peers(many)).at(0).addresses.size(),
            SavedPeer::kMaxAddresses);
}

TEST(KadSavedPeers, reads_a_file_that_is_cut_off_up_to_there) {
  const Bytes whole = encode_saved_peers(saved_peers(10));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto read = decode_saved_peers(ByteView(whole).first(size));
    EXPECT_LT(read.size(), 10u);
    for (std::uint32_t i = 0; i < read.size(); ++i) EXPECT_EQ(read[i], saved_peer(i));
  }
}

TEST(KadSavedPeers, survives_any_damaged_byte) {
  const Bytes whole = encode_saved_peers(saved_peers(10));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Bytes damaged = whole;
    damaged[at] ^= 0xff;
    EXPECT_LE(decode_saved_peers(damaged).size(), 10u);
  }
}

TEST(KadSavedPeers, saves_the_useful_first_and_the_failed_never) {
  const Key self = Key::of(peer_of(1000));
  const TimePoint now{5h};
  RoutingTable table(self);
  for (std::uint32_t i = 1; i <= 3; ++i) table.offer(peer_of(i), IpGroup::of(public_ip(i)), now);
  table.useful(peer_of(1), 10ms, now);
  table.useful(peer_of(2), 10ms, now);
  table.failed(peer_of(2), now);
  const std::vector<SavedPeer> saved = peers_to_save(table);
  ASSERT_EQ(saved.size(), 2u);
  EXPECT_EQ(saved[0].id, peer_of(1));
  EXPECT_EQ(saved[1].id, peer_of(3));
  RoutingTable again(self);
  restore(again, decode_saved_peers(encode_saved_peers(saved)), now);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again.all()[0].id, peer_of(1));
  EXPECT_EQ(again.all()[0].group, IpGroup::of(public_ip(1)));
  EXPECT_EQ(again.all()[0].last_useful, std::nullopt);
}

}  // namespace
}  // namespace shoal::kad
