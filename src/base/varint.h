#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace shoal {

/// Unsigned varints of multiformats/unsigned-varint: seven bits a byte, lowest first, always in the
/// fewest bytes, at most nine of them, hence values below 2^63.
inline constexpr std::size_t kMaxVarintBytes = 9;
inline constexpr std::uint64_t kMaxVarint = (std::uint64_t{1} << 63) - 1;

/// How many bytes `value` takes. `value` must not exceed kMaxVarint, here and in append_varint.
std::size_t varint_size(std::uint64_t value);
void append_varint(Bytes& out, std::uint64_t value);

/// Takes a varint off the front. Returns nothing, and leaves `in` as it is, when more bytes are
/// needed. Throws Error{malformed} for one that is longer than nine bytes or than it had to be.
std::optional<std::uint64_t> take_varint(ByteView& in);

/// The same where no more bytes will come: an incomplete one is Error{malformed} too.
std::uint64_t take_whole_varint(ByteView& in);

}  // namespace shoal
