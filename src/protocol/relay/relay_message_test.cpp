#include <gtest/gtest.h>

#include "net/swarm_testing.h"
#include "protocol/relay/message.h"
#include "protocol/relay/voucher.h"

namespace shoal::relay {
namespace {

using net::testing::key_of;

PeerId some_peer() {
  return PeerId::from_public_key(key_of(5).public_key());
}

template <class Decode>
ErrorCode code_of(Decode decode) {
  try {
    decode();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

TEST(RelayMessage, comes_back_as_it_was_written) {
  const HopMessage reply{
      .type = HopMessage::Type::status,
      .reservation = Reservation{.expires = 1'800'000'000,
                                 .addresses = {Multiaddr::parse("/ip4/192.0.2.1/tcp/4001")},
                                 .voucher = {1, 2, 3}},
      .limit = Limit{.seconds = 120, .bytes = 131072},
      .status = Status::ok};
  EXPECT_EQ(HopMessage::decode(reply.encode()), reply);
  const StopMessage call{.type = StopMessage::Type::connect,
                         .peer = some_peer(),
                         .limit = Limit{.seconds = 1, .bytes = 2}};
  EXPECT_EQ(StopMessage::decode(call.encode()), call);
}

// As go-libp2p writes them.
TEST(RelayMessage, bytes_are_those_of_others) {
  EXPECT_EQ(to_hex(HopMessage{.type = HopMessage::Type::reserve}.encode()), "0800");
  const HopMessage refusal{.type = HopMessage::Type::status, .status = Status::no_reservation};
  EXPECT_EQ(to_hex(refusal.encode()), "080228cc01");
  const StopMessage taken{.type = StopMessage::Type::status, .status = Status::ok};
  EXPECT_EQ(to_hex(taken.encode()), "08012064");
}

TEST(RelayMessage, wants_a_known_type) {
  EXPECT_EQ(code_of([] { HopMessage::decode({}); }), ErrorCode::malformed);
  EXPECT_EQ(code_of([] { HopMessage::decode(from_hex("0803")); }), ErrorCode::malformed);
  EXPECT_EQ(code_of([] { StopMessage::decode(from_hex("0802")); }), ErrorCode::malformed);
  EXPECT_EQ(code_of([] { StopMessage::decode(from_hex("08")); }), ErrorCode::malformed);
}

TEST(RelayMessage, has_a_bound) {
  Bytes padded = from_hex("0800");
  // An unknown field of the rest.
  append(padded, from_hex("7afb1f"));
  padded.resize(kMaxMessageBytes, 0);
  EXPECT_EQ(HopMessage::decode(padded).type, HopMessage::Type::reserve);
  padded.push_back(0);
  EXPECT_EQ(code_of([&] { HopMessage::decode(padded); }), ErrorCode::limit);
}

TEST(RelayMessage, keeps_so_many_addresses) {
  HopMessage reply{.type = HopMessage::Type::status, .reservation = Reservation{}};
  reply.reservation->addresses.assign(Reservation::kMaxAddresses + 1,
                                      Multiaddr::parse("/ip4/192.0.2.1/tcp/4001"));
  EXPECT_EQ(HopMessage::decode(reply.encode()).reservation->addresses.size(),
            Reservation::kMaxAddresses);
}

TEST(Voucher, only_what_the_relay_signed_counts) {
  const auto relay = key_of(1);
  const Bytes sealed = seal_voucher(relay, some_peer(), 1'800'000'000);
  const Voucher voucher = open_voucher(sealed);
  EXPECT_EQ(voucher.relay, PeerId::from_public_key(relay.public_key()));
  EXPECT_EQ(voucher.peer, some_peer());
  EXPECT_EQ(voucher.expires, 1'800'000'000u);
  Bytes broken = sealed;
  broken.back() ^= 1;
  EXPECT_EQ(code_of([&] { open_voucher(broken); }), ErrorCode::malformed);
  EXPECT_EQ(code_of([&] { open_voucher(Bytes(Voucher::kMaxBytes + 1)); }), ErrorCode::limit);
}

}  // namespace
}  // namespace shoal::relay
