#include "crypto/aead.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace shoal::crypto {
namespace {

using Nonce = ChaCha20Poly1305::Nonce;

ChaCha20Poly1305 example() {
  return ChaCha20Poly1305(
      from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"));
}

constexpr Nonce kNonce = {0x07, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47};

Bytes seal(ChaCha20Poly1305& cipher, ByteView associated, ByteView plaintext) {
  Bytes out(plaintext.size() + 16);
  cipher.seal(kNonce, associated, plaintext, out);
  return out;
}

// RFC 8439, section 2.8.2.
TEST(ChaCha20Poly1305, gives_the_ciphertext_of_rfc_8439) {
  auto cipher = example();
  const auto sealed =
      seal(cipher, from_hex("50515253c0c1c2c3c4c5c6c7"),
           as_bytes("Ladies and Gentlemen of the class of '99: If I could offer you "
                    "only one tip for the future, sunscreen would be it."));
  EXPECT_EQ(to_hex(sealed),
            "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
            "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
            "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
            "3ff4def08e4b7a9de576d26586cec64b6116"
            "1ae10b594f09e26a7e902ecbd0600691");
}

TEST(ChaCha20Poly1305, opens_what_it_sealed_in_place_and_again_after_a_failure) {
  auto cipher = example();
  Bytes buffer(1000);
  for (std::size_t i = 0; i < 984; ++i) buffer[i] = static_cast<std::uint8_t>(i);
  const Bytes plain(buffer.begin(), buffer.begin() + 984);
  cipher.seal(kNonce, as_bytes("ad"), ByteView(buffer).first(984), buffer);
  Bytes out(984);
  EXPECT_FALSE(cipher.open(kNonce, as_bytes("other"), buffer, out));
  ASSERT_TRUE(cipher.open(kNonce, as_bytes("ad"), buffer, MutableBytes(buffer).first(984)));
  EXPECT_TRUE(equal(ByteView(buffer).first(984), plain));
}

TEST(ChaCha20Poly1305, seals_pieces_as_it_seals_the_whole) {
  auto cipher = example();
  Bytes plain(1000);
  for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<std::uint8_t>(i);
  const auto whole = seal(cipher, as_bytes("ad"), plain);
  const ByteView view(plain);
  const ByteView pieces[] = {
      view.first(12), {}, view.subspan(12, 1), view.subspan(13, 700), view.subspan(713)};
  Bytes out(plain.size() + 16);
  cipher.seal(kNonce, as_bytes("ad"), pieces, out);
  EXPECT_EQ(out, whole);
}

TEST(ChaCha20Poly1305, seals_the_same_after_other_calls_between) {
  auto cipher = example();
  const auto first = seal(cipher, as_bytes("ad"), as_bytes("text"));
  seal(cipher, {}, as_bytes("something else"));
  Bytes out(4);
  ASSERT_TRUE(cipher.open(kNonce, as_bytes("ad"), first, out));
  EXPECT_EQ(seal(cipher, as_bytes("ad"), as_bytes("text")), first);
}

TEST(ChaCha20Poly1305, keeps_its_key_while_others_are_used) {
  auto cipher = example();
  const auto first = seal(cipher, as_bytes("ad"), as_bytes("text"));
  ChaCha20Poly1305 other(Bytes(32, 7));
  EXPECT_NE(seal(other, as_bytes("ad"), as_bytes("text")), first);
  Aead aes(AeadAlgorithm::aes_128_gcm, Bytes(16, 7));
  Bytes unrelated(4 + 16);
  aes.seal(kNonce, {}, as_bytes("text"), unrelated);
  EXPECT_EQ(seal(cipher, as_bytes("ad"), as_bytes("text")), first);
}

TEST(ChaCha20Poly1305, refuses_every_changed_byte_and_leaves_no_plaintext) {
  auto cipher = example();
  const auto sealed = seal(cipher, as_bytes("ad"), as_bytes("secret"));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] ^= 1;
    Bytes out(6, 0xff);
    EXPECT_FALSE(cipher.open(kNonce, as_bytes("ad"), changed, out));
    EXPECT_EQ(out, Bytes(6));
  }
  auto other_nonce = kNonce;
  other_nonce[11] ^= 1;
  Bytes out(6);
  EXPECT_FALSE(cipher.open(other_nonce, as_bytes("ad"), sealed, out));
}

TEST(ChaCha20Poly1305, works_on_empty_plaintext_and_refuses_less_than_a_tag) {
  auto cipher = example();
  const auto sealed = seal(cipher, {}, {});
  EXPECT_TRUE(cipher.open(kNonce, {}, sealed, {}));
  for (std::size_t size = 0; size < 16; ++size) {
    EXPECT_FALSE(cipher.open(kNonce, {}, ByteView(sealed).first(size), {}));
  }
}

// NIST's GCM test cases 2 (McGrew and Viega), 16 zero bytes under a key of zeros.
TEST(Aes128Gcm, gives_the_ciphertext_of_the_specification) {
  Aead cipher(AeadAlgorithm::aes_128_gcm, Bytes(16));
  Bytes out(32);
  cipher.seal(Nonce{}, {}, Bytes(16), out);
  EXPECT_EQ(to_hex(out), "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf");
  Bytes back(16);
  ASSERT_TRUE(cipher.open(Nonce{}, {}, out, back));
  EXPECT_EQ(back, Bytes(16));
}

TEST(Aes128Gcm, opens_in_place_and_again_after_a_failure) {
  Aead cipher(AeadAlgorithm::aes_128_gcm, Bytes(16, 3));
  Bytes buffer(1016, 9);
  cipher.seal(kNonce, as_bytes("ad"), ByteView(buffer).first(1000), buffer);
  Bytes out(1000);
  EXPECT_FALSE(cipher.open(kNonce, as_bytes("other"), buffer, out));
  EXPECT_EQ(out, Bytes(1000));
  ASSERT_TRUE(cipher.open(kNonce, as_bytes("ad"), buffer, MutableBytes(buffer).first(1000)));
  EXPECT_TRUE(equal(ByteView(buffer).first(1000), Bytes(1000, 9)));
}

}  // namespace
}  // namespace shoal::crypto
