#include "net/security/noise/xx.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal::noise {
namespace {

using crypto::X25519KeyPair;

XxHandshake initiator() {
  static const X25519KeyPair key(
      from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
  return XxHandshake(
      Role::initiator, key,
      X25519KeyPair(from_hex("202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f")));
}

XxHandshake responder() {
  static const X25519KeyPair key(
      from_hex("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"));
  return XxHandshake(
      Role::responder, key,
      X25519KeyPair(from_hex("4142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f60")));
}

std::string sealed(CipherState& cipher, std::string_view text) {
  const ByteView plain = as_bytes(text);
  Bytes out(plain.size() + kTagBytes);
  cipher.seal({}, {&plain, 1}, out);
  return to_hex(out);
}

// Noise_XX_25519_ChaChaPoly_SHA256 with payloads, of the vectors.txt published with flynn/noise.
TEST(XxHandshake, gives_the_messages_of_the_published_vector) {
  auto a = initiator();
  auto b = responder();

  const auto message0 = a.write_message(as_bytes("test_msg_0"));
  EXPECT_EQ(to_hex(message0),
            "358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254"
            "746573745f6d73675f30");
  EXPECT_EQ(as_text(b.read_message(message0)), "test_msg_0");

  const auto message1 = b.write_message(as_bytes("test_msg_1"));
  EXPECT_EQ(to_hex(message1),
            "64b101b1d0be5a8704bd078f9895001fc03e8e9f9522f188dd128d9846d48466"
            "3414af878d3e46a2f58911a816d6e8346d4ea17a6f2a0bb4ef4ed56c133cff45"
            "72e7a2ba5123ac30618b3d205f5c2d17f50cbca216483ac56bcc78e33bf52030"
            "3278db641e5e731b2e3a");
  EXPECT_EQ(as_text(a.read_message(message1)), "test_msg_1");

  const auto message2 = a.write_message(as_bytes("test_msg_2"));
  EXPECT_EQ(to_hex(message2),
            "87f864c11ba449f46a0a4f4e2eacbb7b0457784f4fca1937f572c93603e9c4d9"
            "f27e318e43ba630594c4d08eeb3b36d97c7377a2f4f9144b2f0c8095ad921405"
            "05b2ab53eff244b14138");
  EXPECT_EQ(as_text(b.read_message(message2)), "test_msg_2");

  ASSERT_TRUE(a.finished());
  ASSERT_TRUE(b.finished());
  EXPECT_EQ(a.remote_static(), b.local_static());
  EXPECT_EQ(b.remote_static(), a.local_static());

  auto a_ciphers = a.split();
  auto b_ciphers = b.split();
  EXPECT_EQ(sealed(a_ciphers.first, "yellowsubmarine"),
            "a52ef02ba60e12696d1d6b9ef4245c88fca757b6134ad6e76b56e310a6adf6");
  EXPECT_EQ(sealed(b_ciphers.first, "submarineyellow"),
            "2445aa438ebd649281c636cc7269ca82f1d9023d72520943aeabf909cdf521");
  Bytes opened(15);
  b_ciphers.second.open(
      {}, from_hex("a52ef02ba60e12696d1d6b9ef4245c88fca757b6134ad6e76b56e310a6adf6"), opened);
  EXPECT_EQ(as_text(opened), "yellowsubmarine");
}

TEST(XxHandshake, refuses_an_ephemeral_key_of_small_order) {
  auto b = responder();
  b.read_message(Bytes(32));
  EXPECT_THROW(b.write_message({}), Error);
  EXPECT_FALSE(b.is_writer());
}

TEST(XxHandshake, stays_dead_after_an_error) {
  auto a = initiator();
  auto b = responder();
  b.read_message(a.write_message({}));
  const auto good = b.write_message({});
  auto bad = good;
  bad.back() ^= 1;
  EXPECT_THROW(a.read_message(bad), Error);
  EXPECT_THROW(a.read_message(good), Error);
  EXPECT_FALSE(a.is_writer());
  EXPECT_FALSE(a.finished());
}

TEST(XxHandshake, takes_messages_of_up_to_65535_bytes) {
  auto a = initiator();
  auto b = responder();
  const auto largest = a.write_message(Bytes(65535 - 32));
  EXPECT_EQ(largest.size(), 65535);
  EXPECT_EQ(b.read_message(largest).size(), 65535 - 32);
  auto c = responder();
  EXPECT_THROW(c.read_message(Bytes(65536, 1)), Error);
}

TEST(CipherState, never_uses_the_last_nonce) {
  CipherState sender(Bytes(32, 1), CipherState::kMaxMessages - 1);
  CipherState receiver(Bytes(32, 1), CipherState::kMaxMessages - 1);
  Bytes out(kTagBytes);
  sender.seal({}, {}, out);
  EXPECT_NO_THROW(receiver.open({}, out, {}));
  const auto code = [](auto call) {
    try {
      call();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::failed;
  };
  EXPECT_EQ(code([&] { sender.seal({}, {}, out); }), ErrorCode::limit);
  EXPECT_EQ(code([&] { receiver.open({}, out, {}); }), ErrorCode::limit);
}

}  // namespace
}  // namespace shoal::noise
