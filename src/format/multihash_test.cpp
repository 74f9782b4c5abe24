#include "format/multihash.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal {
namespace {

ErrorCode multihash_error(ByteView bytes) {
  try {
    Multihash::decode(bytes);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

Bytes identity_of(std::size_t digest_bytes) {
  Bytes bytes = {0x00, static_cast<std::uint8_t>(digest_bytes & 0x7f)};
  if (digest_bytes >= 0x80) {
    bytes[1] |= 0x80;
    bytes.push_back(static_cast<std::uint8_t>(digest_bytes >> 7));
  }
  bytes.resize(bytes.size() + digest_bytes, 0x5a);
  return bytes;
}

TEST(Multihash, hashes_content) {
  const Multihash hash = Multihash::sha2_256(as_bytes("foo"));
  EXPECT_EQ(to_hex(hash.encoded()),
            "12202c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae");
  EXPECT_EQ(hash.code(), 0x12U);
  EXPECT_EQ(hash.digest().size(), 32U);
  EXPECT_TRUE(hash.matches(as_bytes("foo")));
  EXPECT_FALSE(hash.matches(as_bytes("fop")));
}

TEST(Multihash, decodes_the_published_vectors) {
  for (const char* hex : {"11140beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33", "11040beec7b5",
                          "12042c26b46b", "0000", "c0e402112c26b46b68ffc68ff99b453c1d30413413",
                          "2208243ddb9e00000000", "d50110d41d8cd98f00b204e9800998ecf8427e"}) {
    const Bytes bytes = from_hex(hex);
    EXPECT_EQ(to_hex(Multihash::decode(bytes).encoded()), hex);
  }
}

TEST(Multihash, B12_takes_a_digest_of_128_bytes_and_refuses_129) {
  EXPECT_EQ(Multihash::decode(identity_of(128)).digest().size(), 128U);
  EXPECT_EQ(multihash_error(identity_of(129)), ErrorCode::limit);
  EXPECT_NO_THROW(Multihash::identity(Bytes(128)));
  EXPECT_THROW(Multihash::identity(Bytes(129)), Error);
}

TEST(Multihash, B2_B12_refuses_lengths_that_lie) {
  EXPECT_EQ(multihash_error(from_hex("")), ErrorCode::malformed);
  EXPECT_EQ(multihash_error(from_hex("12")), ErrorCode::malformed);
  EXPECT_EQ(multihash_error(from_hex("1220aabb")), ErrorCode::malformed);
  EXPECT_EQ(multihash_error(from_hex("1201aabb")), ErrorCode::malformed);
  EXPECT_EQ(multihash_error(from_hex("12ffffffffffffffff7faabb")), ErrorCode::limit);
  EXPECT_EQ(multihash_error(from_hex("12ffffffffffffffffffff01aabb")), ErrorCode::malformed);
}

TEST(Multihash, B3_refuses_padded_varints) {
  EXPECT_EQ(multihash_error(from_hex("928001aa")), ErrorCode::malformed);
  EXPECT_EQ(multihash_error(from_hex("128100aa")), ErrorCode::malformed);
}

TEST(Multihash, J5_says_unsupported_where_it_cannot_verify) {
  const Multihash blake3 = Multihash::decode(from_hex("1e04aabbccdd"));
  EXPECT_FALSE(blake3.is_computable());
  try {
    blake3.matches(as_bytes("x"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
  }
}

TEST(Multihash, copies_and_compares_short_and_long_ones) {
  for (const std::size_t size : {0U, 1U, 44U, 45U, 46U, 47U, 48U, 128U}) {
    const Multihash original = Multihash::decode(identity_of(size));
    Multihash copy = original;
    EXPECT_EQ(copy, original);
    EXPECT_EQ(std::hash<Multihash>{}(copy), std::hash<Multihash>{}(original));
    const Multihash moved = std::move(copy);
    EXPECT_EQ(moved, original);
    copy = moved;
    EXPECT_EQ(copy, original);
    copy = Multihash::sha2_256(as_bytes("other"));
    EXPECT_NE(copy, original);
    EXPECT_GT(copy, original);
  }
}

TEST(Multihash, has_the_same_hash_in_every_process) {
  const Multihash hash = Multihash::sha2_256(as_bytes("foo"));
  EXPECT_EQ(std::hash<Multihash>{}(hash), 0xaee76662885e8af9U ^ 34U);
}

}  // namespace
}  // namespace shoal
