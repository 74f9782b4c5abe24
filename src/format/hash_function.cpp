#include "format/hash_function.h"

#include <fmt/format.h>

#include <string_view>

#include "crypto/digest.h"
#include "format/multihash.h"

namespace shoal {
namespace {

using crypto::DigestFunction;

constexpr std::size_t kMinDigestBytes = 20;
constexpr std::size_t kAnySize = 0;

struct HashFunction {
  std::uint64_t code;
  std::string_view name;
  std::size_t digest_bytes = kAnySize;
  std::optional<DigestFunction> function{};
};

constexpr HashFunction kFunctions[] = {
    {0x11, "sha1", 20, DigestFunction::sha1},
    {0x12, "sha2-256", 32, DigestFunction::sha2_256},
    {0x13, "sha2-512", 64, DigestFunction::sha2_512},
    {0x14, "sha3-512", 64, DigestFunction::sha3_512},
    {0x15, "sha3-384", 48, DigestFunction::sha3_384},
    {0x16, "sha3-256", 32, DigestFunction::sha3_256},
    {0x17, "sha3-224", 28, DigestFunction::sha3_224},
    {0x18, "shake-128", kAnySize, DigestFunction::shake_128},
    {0x19, "shake-256", kAnySize, DigestFunction::shake_256},
    {0x1a, "keccak-224", 28, DigestFunction::keccak_224},
    {0x1b, "keccak-256", 32, DigestFunction::keccak_256},
    {0x1c, "keccak-384", 48, DigestFunction::keccak_384},
    {0x1d, "keccak-512", 64, DigestFunction::keccak_512},
    {0x1e, "blake3"},  // Debian 12 and 13 have no library of it
    {0x20, "sha2-384", 48, DigestFunction::sha2_384},
    {0x22, "murmur3-x64-64"},
    {0x23, "murmur3-32"},
    {0x56, "dbl-sha2-256", 32, DigestFunction::sha2_256_twice},
    {0xd4, "md4"},
    {0xd5, "md5"},
    {0x1012, "sha2-256-trunc254-padded"},
    {0x1013, "sha2-224", 28, DigestFunction::sha2_224},
    {0x1014, "sha2-512-224", 28, DigestFunction::sha2_512_224},
    {0x1015, "sha2-512-256", 32, DigestFunction::sha2_512_256},
    {0x1022, "murmur3-x64-128"},
    {0x1052, "ripemd-128"},
    {0x1053, "ripemd-160"},
    {0x1054, "ripemd-256"},
    {0x1055, "ripemd-320"},
    {0x1d01, "kangarootwelve"},
    {0x534d, "sm3-256"},
    {0xb401, "poseidon-bls12_381-a2-fc1"},
    {0xb402, "poseidon-bls12_381-a2-fc1-sc"},
};

// blake2b-8 to blake2b-512 and blake2s-8 to blake2s-256: a code for each number of bytes.
constexpr std::uint64_t kBlake2b = 0xb200;
constexpr std::uint64_t kBlake2s = 0xb240;
constexpr std::uint64_t kBlake2End = 0xb260;

std::optional<HashFunction> find(std::uint64_t code) {
  if (code > kBlake2s && code <= kBlake2End) {
    return HashFunction{code, "blake2s", code - kBlake2s, DigestFunction::blake2s};
  }
  if (code > kBlake2b && code <= kBlake2s) {
    return HashFunction{code, "blake2b", code - kBlake2b, DigestFunction::blake2b};
  }
  for (const HashFunction& known : kFunctions) {
    if (known.code == code) return known;
  }
  return std::nullopt;
}

}  // namespace

std::string hash_function_name(std::uint64_t code) {
  const auto known = find(code);
  if (!known) return fmt::format("hash function {:#x}", code);
  if (code > kBlake2b && code <= kBlake2End) {
    return fmt::format("{}-{}", known->name, 8 * known->digest_bytes);
  }
  return std::string(known->name);
}

bool is_digest_size(std::uint64_t code, std::size_t digest_bytes) {
  if (code == static_cast<std::uint64_t>(HashCode::identity)) return true;
  if (digest_bytes < kMinDigestBytes || digest_bytes > Multihash::kMaxDigestBytes) return false;
  const auto known = find(code);
  return !known || known->digest_bytes == kAnySize || known->digest_bytes == digest_bytes;
}

bool is_hash_computable(std::uint64_t code, std::size_t digest_bytes) {
  const auto known = find(code);
  return known && known->function && is_digest_size(code, digest_bytes);
}

std::optional<Bytes> compute_digest(std::uint64_t code, std::size_t digest_bytes,
                                    ByteView content) {
  if (!is_hash_computable(code, digest_bytes)) return std::nullopt;
  Bytes digest(digest_bytes);
  crypto::compute_digest(*find(code)->function, content, digest);
  return digest;
}

}  // namespace shoal
