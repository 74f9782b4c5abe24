#include "net/security/tls/web_handshake.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "net/security/tls/handshake_testing.h"

namespace shoal::tls {
namespace {

struct Side {
  Side(Role role, std::uint8_t seed) : random(testing::counting_random(seed)) {
    auto settings = role == Role::server ? WebSettings::self_made_server(random)
                                         : WebSettings::client(nullptr, random);
    handshake = std::make_unique<WebHandshake>(
        WebHandshakeConfig{
            .role = role, .settings = std::move(settings), .now = testing::kTestTime},
        random);
  }
  WebHandshake* operator->() { return handshake.get(); }

  crypto::RandomFill random;
  std::unique_ptr<WebHandshake> handshake;
};

TEST(WebHandshake, gives_both_sides_the_same_keys) {
  Side client(Role::client, 1);
  Side server(Role::server, 2);
  const Bytes answer = testing::feed(*server.handshake, client->advance({}));
  testing::feed(*server.handshake, testing::feed(*client.handshake, answer));
  ASSERT_TRUE(client->finished() && server->finished());
  EXPECT_TRUE(equal(client->keys().send.bytes(), server->keys().receive.bytes()));
  EXPECT_TRUE(equal(client->keys().receive.bytes(), server->keys().send.bytes()));
}

TEST(WebHandshake, reads_at_most_48_kib) {
  Side server(Role::server, 2);
  // A ClientHello that never ends.
  Bytes record = from_hex("160301400001010000");
  record.resize(WebHandshake::kHeaderBytes + 0x4000);
  std::size_t taken = 0;
  for (; taken + record.size() <= WebHandshake::kMaxBytes; taken += record.size()) {
    server->advance(record);
    ASSERT_FALSE(server->failure()) << taken;
    std::fill(record.begin() + 5, record.end(), std::uint8_t{0});
  }
  Bytes rest = from_hex("1603010000");
  const std::size_t body = WebHandshake::kMaxBytes - taken - rest.size();
  rest[3] = static_cast<std::uint8_t>(body >> 8);
  rest[4] = static_cast<std::uint8_t>(body);
  rest.resize(rest.size() + body);
  server->advance(rest);
  ASSERT_FALSE(server->failure());
  server->advance(from_hex("160301000100"));
  ASSERT_TRUE(server->failure());
  EXPECT_EQ(server->failure()->code(), ErrorCode::limit);
}

TEST(WebHandshake, refuses_a_name_that_no_server_has) {
  const crypto::RandomFill random = testing::counting_random(1);
  EXPECT_THROW(WebHandshake({.role = Role::client,
                             .settings = WebSettings::client(nullptr, random),
                             .server_name = std::string(300, 'a'),
                             .now = testing::kTestTime},
                            random),
               Error);
}

TEST(WebRoots, are_pem_certificates) {
  for (const std::string_view text :
       {"", "nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    EXPECT_THROW(Roots::parse(as_bytes(text)), Error) << text;
  }
}

}  // namespace
}  // namespace shoal::tls
