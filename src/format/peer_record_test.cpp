#include "format/peer_record.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/varint.h"
#include "format/envelope.h"
#include "format/key_testing.h"

namespace shoal {
namespace {

constexpr std::string_view kDomain = "libp2p-peer-record";
constexpr std::uint8_t kType[] = {0x03, 0x01};

PeerId id_of(std::uint8_t seed) {
  return PeerId::from_public_key(testing::test_key(seed).public_key());
}

void append_field(Bytes& out, std::uint8_t number, ByteView value) {
  out.push_back(static_cast<std::uint8_t>(number << 3 | 2));
  append_varint(out, value.size());
  append(out, value);
}

Bytes payload_of(const PeerId& id, const std::vector<Bytes>& addresses) {
  Bytes out;
  append_field(out, 1, id.encoded());
  append(out, from_hex("1007"));
  for (const Bytes& address : addresses) {
    Bytes info;
    append_field(info, 1, address);
    append_field(out, 3, info);
  }
  return out;
}

Bytes signed_by(std::uint8_t seed, const Bytes& payload) {
  return seal_envelope(testing::test_key(seed), kDomain, kType, payload);
}

const Multiaddr kHome = Multiaddr::parse("/ip4/127.0.0.1/tcp/1337");

ErrorCode peer_record_error(ByteView bytes) {
  try {
    open_peer_record(bytes);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

TEST(PeerRecord, opens_what_was_sealed) {
  const std::vector<Multiaddr> addresses = {kHome, Multiaddr::parse("/dns/a/tcp/1")};
  for (const std::uint64_t seq : {std::uint64_t{0}, std::uint64_t{7}, ~std::uint64_t{0}}) {
    const PeerRecord record =
        open_peer_record(seal_peer_record(testing::test_key(1), seq, addresses));
    EXPECT_EQ(record, (PeerRecord{id_of(1), seq, addresses}));
  }
}

TEST(PeerRecord, is_encoded_as_the_rfc_says) {
  EXPECT_EQ(seal_peer_record(testing::test_key(1), 7, {kHome}),
            signed_by(1, payload_of(id_of(1), {kHome.encoded()})));
}

TEST(PeerRecord, A4_refuses_a_record_that_another_peer_signed) {
  const Bytes payload = payload_of(id_of(1), {kHome.encoded()});
  EXPECT_EQ(peer_record_error(signed_by(1, payload)), ErrorCode::failed);
  EXPECT_EQ(peer_record_error(signed_by(2, payload)), ErrorCode::malformed);
}

TEST(PeerRecord, A4_refuses_another_domain) {
  const Bytes payload = payload_of(id_of(1), {});
  EXPECT_EQ(peer_record_error(
                seal_envelope(testing::test_key(1), "libp2p-routing-state", kType, payload)),
            ErrorCode::malformed);
}

TEST(PeerRecord, refuses_a_record_without_an_id) {
  EXPECT_EQ(peer_record_error(signed_by(1, from_hex("1007"))), ErrorCode::malformed);
  EXPECT_EQ(peer_record_error(signed_by(1, {})), ErrorCode::malformed);
}

TEST(PeerRecord, leaves_out_addresses_that_it_cannot_read) {
  const Bytes unknown = from_hex("ff7f");
  const Bytes bytes = signed_by(1, payload_of(id_of(1), {unknown, kHome.encoded(), {}}));
  EXPECT_EQ(open_peer_record(bytes).addresses, std::vector<Multiaddr>{kHome});
}

TEST(PeerRecord, A5_keeps_64_addresses_and_no_more) {
  const std::vector<Bytes> many(65, kHome.encoded());
  EXPECT_EQ(open_peer_record(signed_by(1, payload_of(id_of(1), many))).addresses.size(), 64U);
  EXPECT_NO_THROW(seal_peer_record(testing::test_key(1), 1, std::vector<Multiaddr>(64, kHome)));
  EXPECT_THROW(seal_peer_record(testing::test_key(1), 1, std::vector<Multiaddr>(65, kHome)), Error);
}

TEST(PeerRecord, takes_8_kib_and_refuses_more) {
  Bytes payload = payload_of(id_of(1), {});
  const std::size_t room = PeerRecord::kMaxBytes - signed_by(1, payload).size() - 1;
  const auto padded_by = [&](std::size_t bytes) {
    Bytes out = payload;
    append_field(out, 9, Bytes(bytes - 3));  // a field of a later version
    return signed_by(1, out);
  };
  EXPECT_EQ(padded_by(room).size(), PeerRecord::kMaxBytes);
  EXPECT_EQ(peer_record_error(padded_by(room)), ErrorCode::failed);
  EXPECT_EQ(peer_record_error(padded_by(room + 1)), ErrorCode::limit);
}

}  // namespace
}  // namespace shoal
