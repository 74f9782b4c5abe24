#include "crypto/digest.h"

#include <gtest/gtest.h>

#include <string>

#include "crypto/hash.h"

namespace shoal::crypto {
namespace {

std::string digest_of(DigestFunction function, std::size_t bytes, ByteView content) {
  Bytes digest(bytes);
  compute_digest(function, content, digest);
  return to_hex(digest);
}

struct Vector {
  DigestFunction function;
  std::string digest;
};

// As Python's hashlib computes them; those of FIPS 180, FIPS 202 and RFC 7693 are among them.
TEST(Digest, is_the_published_one_of_abc) {
  const Vector vectors[] = {
      {DigestFunction::sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
      {DigestFunction::sha2_224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
      {DigestFunction::sha2_256,
       "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {DigestFunction::sha2_384,
       "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
       "8086072ba1e7cc2358baeca134c825a7"},
      {DigestFunction::sha2_512,
       "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
       "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
      {DigestFunction::sha2_512_224, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"},
      {DigestFunction::sha2_512_256,
       "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"},
      {DigestFunction::sha2_256_twice,
       "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358"},
      {DigestFunction::sha3_224, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"},
      {DigestFunction::sha3_256,
       "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
      {DigestFunction::sha3_384,
       "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2"
       "98d88cea927ac7f539f1edf228376d25"},
      {DigestFunction::sha3_512,
       "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
       "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0"},
      {DigestFunction::shake_128,
       "5881092dd818bf5cf8a3ddb793fbcba74097d5c526a6d35f97b83351940f2cc8"},
      {DigestFunction::shake_256,
       "483366601360a8771c6863080cc4114d8db44530f8f1e1ee4f94ea37e78b5739"
       "d5a15bef186a5386c75744c0527e1faa9f8726e462a12a4feb06bd8801e751e4"},
      {DigestFunction::shake_256, "483366601360a8771c6863080cc4114d8db44530"},
      {DigestFunction::blake2b, "384264f676f39536840523f284921cdc68b6846b"},
      {DigestFunction::blake2b, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"},
      {DigestFunction::blake2b,
       "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
       "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"},
      {DigestFunction::blake2s, "5ae3b99be29b01834c3b508521ede60438f8de17"},
      {DigestFunction::blake2s, "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"},
  };
  for (const Vector& vector : vectors) {
    EXPECT_EQ(digest_of(vector.function, vector.digest.size() / 2, as_bytes("abc")), vector.digest);
  }
}

// Of nothing, from the Keccak team; the second is known as the code hash of an empty Ethereum
// account. The digest of "abc" is from the tests of Ethereum clients.
TEST(Digest, of_keccak_has_the_padding_from_before_fips_202) {
  const Vector vectors[] = {
      {DigestFunction::keccak_224, "f71837502ba8e10837bdd8d365adb85591895602fc552b48b7390abd"},
      {DigestFunction::keccak_256,
       "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
      {DigestFunction::keccak_384,
       "2c23146a63a29acf99e73b88f8c24eaa7dc60aa771780ccc006afbfa8fe2479b"
       "2dd2b21362337441ac12b515911957ff"},
      {DigestFunction::keccak_512,
       "0eab42de4c3ceb9235fc91acffe746b29c29a8c366b7c60e4e67c466f36a4304"
       "c00fa9caf9d87976ba469bcbe06713b435f091ef2769fb160cdab33d3670680e"},
  };
  for (const Vector& vector : vectors) {
    EXPECT_EQ(digest_of(vector.function, vector.digest.size() / 2, {}), vector.digest);
  }
  EXPECT_EQ(digest_of(DigestFunction::keccak_256, 32, as_bytes("abc")),
            "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
}

TEST(Digest, of_sha2_256_is_the_one_of_hash_h) {
  const Bytes block(1 << 20, 0x5a);
  EXPECT_EQ(digest_of(DigestFunction::sha2_256, 32, block), to_hex(sha256(block)));
  EXPECT_EQ(digest_of(DigestFunction::sha2_512, 64, block), to_hex(sha512(block)));
}

}  // namespace
}  // namespace shoal::crypto
