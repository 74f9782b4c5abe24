#include "service/tunnel_ticket.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal::service {
namespace {

const char* const kPeer = "12D3KooWKRyzVWW6ChFjQjK4miCty85Niy48tpPV95XdKu1BcvMA";

TunnelTicket ticket() {
  return {.peer = PeerId::parse(kPeer),
          .addresses = {Multiaddr::parse("/ip4/192.0.2.7/tcp/4001"),
                        Multiaddr::parse("/ip6/2001:db8::7/tcp/4001")},
          .name = "ssh",
          .secret = Bytes(TunnelTicket::kSecretBytes, 0xab)};
}

std::string refusal_of(const std::string& text) {
  try {
    TunnelTicket::parse(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_FALSE(std::string(error.what()).contains(text.substr(14, 20)));
    return error.message();
  }
  return {};
}

TEST(TunnelTicket, survives_being_written_and_read) {
  EXPECT_EQ(TunnelTicket::parse(ticket().to_string()), ticket());
  TunnelTicket open = ticket();
  open.secret.clear();
  open.addresses.clear();
  open.datagrams = true;
  EXPECT_EQ(TunnelTicket::parse(" " + open.to_string() + "\n"), open);
}

TEST(TunnelTicket, is_one_word_of_letters_and_digits) {
  const std::string text = ticket().to_string();
  EXPECT_LT(text.size(), 160U);
  for (const char c : text) EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(c))) << c;
}

TEST(TunnelTicket, notices_what_was_cut_or_mistyped) {
  std::string text = ticket().to_string();
  EXPECT_FALSE(refusal_of(text.substr(0, text.size() - 1)).empty());
  text[40] = text[40] == 'x' ? 'y' : 'x';
  EXPECT_FALSE(refusal_of(text).empty());
  EXPECT_FALSE(refusal_of(std::string(TunnelTicket::kPrefix) + std::string(40, '0')).empty());
  EXPECT_FALSE(refusal_of("shoaltunnel2" + text.substr(12)).empty());
  EXPECT_FALSE(refusal_of(std::string(TunnelTicket::kPrefix) + std::string(2000, 'a')).empty());
}

TEST(TunnelTicket, leaves_out_addresses_that_do_not_fit) {
  TunnelTicket large = ticket();
  const Multiaddr name = Multiaddr::parse("/dns4/" + std::string(200, 'a') + "/tcp/4001");
  large.addresses.assign(8, name);
  const TunnelTicket read = TunnelTicket::parse(large.to_string());
  EXPECT_EQ(read.addresses.size(), 3U);
  EXPECT_EQ(read.secret, large.secret);
}

}  // namespace
}  // namespace shoal::service
