#include "format/hash_function.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "format/cid.h"

namespace shoal {
namespace {

constexpr std::uint64_t kBlake3 = 0x1e;

TEST(HashFunction, is_called_as_in_the_multicodec_table) {
  EXPECT_EQ(hash_function_name(0x12), "sha2-256");
  EXPECT_EQ(hash_function_name(0x1b), "keccak-256");
  EXPECT_EQ(hash_function_name(0x56), "dbl-sha2-256");
  EXPECT_EQ(hash_function_name(0xb201), "blake2b-8");
  EXPECT_EQ(hash_function_name(0xb220), "blake2b-256");
  EXPECT_EQ(hash_function_name(0xb240), "blake2b-512");
  EXPECT_EQ(hash_function_name(0xb241), "blake2s-8");
  EXPECT_EQ(hash_function_name(0xb260), "blake2s-256");
  EXPECT_EQ(hash_function_name(kBlake3), "blake3");
  EXPECT_EQ(hash_function_name(0xb261), "hash function 0xb261");
}

struct Example {
  std::uint64_t code;
  std::size_t digest_bytes;
};

// What `ipfs add --hash` takes, with the length that Kubo gives each, and Keccak's other lengths.
constexpr Example kOfKubo[] = {
    {0x11, 20}, {0x12, 32},   {0x13, 64},   {0x14, 64},   {0x15, 48},   {0x16, 32},
    {0x17, 28}, {0x19, 64},   {0x1a, 28},   {0x1b, 32},   {0x1c, 48},   {0x1d, 64},
    {0x56, 32}, {0xb214, 20}, {0xb220, 32}, {0xb240, 64}, {0xb260, 32},
};

TEST(HashFunction, verifies_what_kubo_hashes_with) {
  for (const auto& [code, digest_bytes] : kOfKubo) {
    const auto hash = Multihash::compute(code, digest_bytes, as_bytes("some content"));
    ASSERT_TRUE(hash) << hash_function_name(code);
    EXPECT_EQ(hash->code(), code);
    EXPECT_EQ(hash->digest().size(), digest_bytes);
    EXPECT_TRUE(hash->is_computable());
    EXPECT_TRUE(hash->matches(as_bytes("some content"))) << hash_function_name(code);
    EXPECT_FALSE(hash->matches(as_bytes("some contenT"))) << hash_function_name(code);
    const Cid cid = Cid::v1(Codec::raw, *hash);
    EXPECT_EQ(Cid::parse(cid.to_string()), cid);
  }
}

TEST(HashFunction, takes_digests_of_their_own_length_only) {
  for (const auto& [code, digest_bytes] : kOfKubo) {
    if (code == 0x19) continue;
    EXPECT_TRUE(is_digest_size(code, digest_bytes)) << hash_function_name(code);
    EXPECT_FALSE(is_digest_size(code, digest_bytes - 1)) << hash_function_name(code);
    EXPECT_FALSE(is_digest_size(code, digest_bytes + 1)) << hash_function_name(code);
    EXPECT_FALSE(Multihash::compute(code, digest_bytes - 1, {}));
    EXPECT_FALSE(Multihash::compute(code, digest_bytes + 1, {}));
  }
  EXPECT_FALSE(is_digest_size(0xb213, 19));  // blake2b-152 would be whole, and is too short
}

TEST(HashFunction, takes_any_length_from_20_bytes_of_shake_and_the_unknown) {
  for (const std::uint64_t code :
       {std::uint64_t{0x18}, std::uint64_t{0x19}, kBlake3, std::uint64_t{0xfffff}}) {
    EXPECT_FALSE(is_digest_size(code, 19));
    EXPECT_TRUE(is_digest_size(code, 20));
    EXPECT_TRUE(is_digest_size(code, 128));
    EXPECT_FALSE(is_digest_size(code, 129));
  }
  EXPECT_TRUE(Multihash::compute(0x19, 128, {}));
  EXPECT_FALSE(Multihash::compute(kBlake3, 32, {}));
}

TEST(HashFunction, that_is_missing_is_named_in_the_error) {
  const Cid cid = Cid::v1(Codec::raw, Multihash::wrap(HashCode{kBlake3}, Bytes(32)));
  EXPECT_FALSE(cid.hash().is_computable());
  try {
    cid.hash().matches({});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
    EXPECT_EQ(error.message(), "content is hashed with blake3, which this program cannot verify");
  }
}

}  // namespace
}  // namespace shoal
