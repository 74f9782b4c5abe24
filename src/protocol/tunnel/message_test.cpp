#include "protocol/tunnel/message.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "crypto/keys.h"

namespace shoal::tunnel {
namespace {

ErrorCode code_of(auto call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

PeerId peer(std::uint8_t seed) {
  const Bytes secret(32, seed);
  return PeerId::from_public_key(crypto::PrivateKey::ed25519_from_seed(secret).public_key());
}

TEST(TunnelMessage, opens_and_answers_survive_encoding) {
  const Open plain{.name = "db"};
  EXPECT_EQ(Open::decode(plain.encode()), plain);
  const Open authentic{
      .name = "db", .proof = prove(as_bytes("key"), peer(1), peer(2), "db"), .probe = true};
  EXPECT_EQ(Open::decode(authentic.encode()), authentic);
  const Answer answer{.status = Status::busy, .reason = "full"};
  EXPECT_EQ(Answer::decode(answer.encode()), answer);
}

TEST(TunnelMessage, names_are_labels_of_host_names) {
  for (const char* good : {"a", "db", "web-2", "0"}) EXPECT_TRUE(is_name(good)) << good;
  for (const char* bad : {"", "-a", "a-", "A", "a.b", "a b", "ä", "a/b", "a\n"}) {
    EXPECT_FALSE(is_name(bad)) << bad;
  }
  EXPECT_TRUE(is_name(std::string(kMaxNameBytes, 'x')));
  EXPECT_FALSE(is_name(std::string(kMaxNameBytes + 1, 'x')));
}

TEST(TunnelMessage, refuses_foreign_names_proofs_and_statuses) {
  const auto decode_open = [](Bytes bytes) { return [bytes] { (void)Open::decode(bytes); }; };
  EXPECT_EQ(code_of(decode_open({})), ErrorCode::malformed);
  EXPECT_EQ(code_of(decode_open(Open{.name = "A"}.encode())), ErrorCode::malformed);
  EXPECT_EQ(code_of(decode_open(Open{.name = std::string(64, 'a')}.encode())),
            ErrorCode::malformed);
  Bytes short_proof = Open{.name = "a"}.encode();
  append(short_proof, Bytes{0x12, 1, 7});
  EXPECT_EQ(code_of(decode_open(short_proof)), ErrorCode::malformed);
  EXPECT_EQ(code_of([] { (void)Answer::decode({}); }), ErrorCode::malformed);
  const Bytes unknown = {0x08, 9};
  EXPECT_EQ(code_of([&] { (void)Answer::decode(unknown); }), ErrorCode::unsupported);
}

TEST(TunnelMessage, takes_1024_bytes_and_no_more) {
  Bytes bytes = Open{.name = "a"}.encode();
  const std::size_t filler = kMaxMessageBytes - bytes.size() - 3;
  append(bytes, Bytes{0x7a, static_cast<std::uint8_t>(filler % 128 + 128),
                      static_cast<std::uint8_t>(filler / 128)});
  bytes.resize(kMaxMessageBytes);
  EXPECT_EQ(Open::decode(bytes).name, "a");
  bytes.push_back(0);
  EXPECT_EQ(code_of([&] { (void)Open::decode(bytes); }), ErrorCode::limit);
}

TEST(TunnelMessage, cuts_a_reason_at_its_limit) {
  const Answer answer{.status = Status::refused, .reason = std::string(kMaxReasonBytes + 1, 'x')};
  EXPECT_EQ(Answer::decode(answer.encode()).reason.size(), kMaxReasonBytes);
}

TEST(TunnelMessage, a_proof_holds_for_one_pair_of_peers_and_one_name) {
  const Bytes secret(16, 7);
  const auto proof = prove(secret, peer(1), peer(2), "db");
  EXPECT_EQ(prove(secret, peer(1), peer(2), "db"), proof);
  EXPECT_NE(prove(secret, peer(2), peer(1), "db"), proof);
  EXPECT_NE(prove(secret, peer(1), peer(3), "db"), proof);
  EXPECT_NE(prove(secret, peer(1), peer(2), "web"), proof);
  EXPECT_NE(prove(Bytes(16, 8), peer(1), peer(2), "db"), proof);
}

}  // namespace
}  // namespace shoal::tunnel
