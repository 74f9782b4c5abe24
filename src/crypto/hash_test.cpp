#include "crypto/hash.h"

#include <gtest/gtest.h>

#include <string>

namespace shoal::crypto {
namespace {

TEST(Sha256, gives_the_digests_of_fips_180) {
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, gives_the_same_digest_however_the_data_is_cut) {
  const Bytes million(1'000'000, 'a');
  for (const std::size_t piece : {1UL, 63UL, 64UL, 65UL, 1'000'000UL}) {
    Sha256 hash;
    for (std::size_t at = 0; at < million.size(); at += piece) {
      hash.update(ByteView(million).subspan(at, std::min(piece, million.size() - at)));
    }
    EXPECT_EQ(to_hex(hash.finish()),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }
}

TEST(Sha256, starts_afresh_after_finish) {
  Sha256 hash;
  hash.update(as_bytes("something"));
  hash.finish();
  hash.update(as_bytes("abc"));
  EXPECT_EQ(hash.finish(), sha256(as_bytes("abc")));
  EXPECT_EQ(hash.finish(), sha256({}));
}

TEST(Sha512, gives_the_digest_of_fips_180) {
  EXPECT_EQ(to_hex(sha512(as_bytes("abc"))),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(HmacSha256, gives_the_codes_of_rfc_4231) {
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(20, 0x0b), as_bytes("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(131, 0xaa),
                               as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(EqualSecret, A15_compares_all_bytes_and_the_length) {
  EXPECT_TRUE(equal_secret(as_bytes("token"), as_bytes("token")));
  EXPECT_FALSE(equal_secret(as_bytes("token"), as_bytes("tokem")));
  EXPECT_FALSE(equal_secret(as_bytes("token"), as_bytes("toke")));
  EXPECT_TRUE(equal_secret({}, {}));
}

}  // namespace
}  // namespace shoal::crypto
