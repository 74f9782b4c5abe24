#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace shoal {

/// The ways of writing bytes as text that multiformats and URLs use: RFC 4648, base58 with
/// Bitcoin's alphabet, base36.
enum class Base {
  base16,
  base16_upper,
  base32,
  base32_upper,
  base32_pad,
  base32_pad_upper,
  base36,
  base36_upper,
  base58btc,
  base64,
  base64_pad,
  base64url,
  base64url_pad,
};

/// Base36 and base58 take time in the square of their length, so theirs is bounded; the others are
/// bounded by whoever calls.
inline constexpr std::size_t kMaxSlowBaseCharacters = 1024;
inline constexpr std::size_t kMaxSlowBaseBytes = 1024;

/// Throws Error{limit} for more than kMaxSlowBaseBytes in base36 or base58.
std::string encode_base(Base base, ByteView bytes);

/// Letters in either case where the base has one case only. Throws Error{malformed} for a foreign
/// character, for missing or needless padding, and for a text that no encoder makes (left-over bits
/// set); Error{limit} for more than kMaxSlowBaseCharacters in base36 or base58.
Bytes decode_base(Base base, std::string_view text);

}  // namespace shoal
