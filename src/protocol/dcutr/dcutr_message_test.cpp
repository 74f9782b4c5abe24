#include "protocol/dcutr/dcutr_message.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal::dcutr {
namespace {

template <class Decode>
ErrorCode code_of(Decode decode) {
  try {
    decode();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

Multiaddr at(const char* text) {
  return Multiaddr::parse(text);
}

TEST(DcutrMessage, comes_back_as_it_was_written) {
  const Message message{.type = Message::Type::connect,
                        .addresses = {at("/ip4/192.0.2.1/tcp/4001"), at("/ip6/::1/tcp/1")}};
  EXPECT_EQ(Message::decode(message.encode()), message);
  const Message ours{.type = Message::Type::sync,
                     .mapping = Message::Mapping::one_for_each,
                     .part = Message::Part::guess_ports};
  EXPECT_EQ(Message::decode(ours.encode()), ours);
}

TEST(DcutrMessage, words_of_a_later_version_are_left_out) {
  // Field 1001 with 4, field 1002 with 3.
  const Message message =
      Message::decode(from_hex("0864"
                               "c83e04"
                               "d03e03"));
  EXPECT_EQ(message, Message{});
}

// As go-libp2p writes it.
TEST(DcutrMessage, bytes_are_those_of_others) {
  EXPECT_EQ(to_hex(Message{.type = Message::Type::sync}.encode()), "08ac02");
  EXPECT_EQ(to_hex(Message{.type = Message::Type::connect}.encode()), "0864");
}

TEST(DcutrMessage, addresses_behind_relays_are_left_out) {
  const Message message{
      .addresses = {at("/ip4/192.0.2.1/tcp/4001/p2p/"
                       "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA/p2p-circuit"),
                    at("/ip4/192.0.2.1/tcp/4001")}};
  EXPECT_EQ(Message::decode(message.encode()).addresses,
            std::vector{at("/ip4/192.0.2.1/tcp/4001")});
}

TEST(DcutrMessage, has_bounds) {
  Message many;
  for (std::size_t i = 0; i <= Message::kMaxAddresses; ++i) {
    many.addresses.push_back(
        Multiaddr::tcp({IpAddress::v4({192, 0, 2, 1}), static_cast<std::uint16_t>(i + 1)}));
  }
  EXPECT_EQ(Message::decode(many.encode()).addresses.size(), Message::kMaxAddresses);
  EXPECT_EQ(code_of([] { Message::decode(Bytes(Message::kMaxBytes + 1)); }), ErrorCode::limit);
}

TEST(DcutrMessage, wants_a_known_type) {
  EXPECT_EQ(code_of([] { Message::decode({}); }), ErrorCode::malformed);
  EXPECT_EQ(code_of([] { Message::decode(from_hex("0865")); }), ErrorCode::malformed);
  EXPECT_EQ(code_of([] { Message::decode(from_hex("0a")); }), ErrorCode::malformed);
}

}  // namespace
}  // namespace shoal::dcutr
