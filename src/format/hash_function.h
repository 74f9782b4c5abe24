#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace shoal {

/// "keccak-256": what the multicodec table calls a hash function, or its code in hexadecimal.
std::string hash_function_name(std::uint64_t code);

/// Whether a digest of so many bytes can be one of this function. Of a function that cannot be
/// computed here every length may, from 20 bytes on: shorter ones could be made to collide.
/// Identity takes any.
bool is_digest_size(std::uint64_t code, std::size_t digest_bytes);

/// Whether compute_digest() gives an answer.
bool is_hash_computable(std::uint64_t code, std::size_t digest_bytes);

/// The digest of `content`; none when the function is unknown or the length is not its own.
/// Identity is none of them.
std::optional<Bytes> compute_digest(std::uint64_t code, std::size_t digest_bytes, ByteView content);

}  // namespace shoal
