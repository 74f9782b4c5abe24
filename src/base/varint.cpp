#include "base/varint.h"

#include <algorithm>
#include <bit>

#include "base/error.h"

namespace shoal {

std::size_t varint_size(std::uint64_t value) {
  SHOAL_CHECK(value <= kMaxVarint);
  const auto bits = static_cast<std::size_t>(std::bit_width(value | 1));
  return (bits + 6) / 7;
}

void append_varint(Bytes& out, std::uint64_t value) {
  SHOAL_CHECK(value <= kMaxVarint);
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

std::optional<std::uint64_t> take_varint(ByteView& in) {
  std::uint64_t value = 0;
  const std::size_t available = std::min(in.size(), kMaxVarintBytes);
  for (std::size_t i = 0; i < available; ++i) {
    const std::uint8_t byte = in[i];
    value |= std::uint64_t{byte & 0x7fU} << (7 * i);
    if (byte & 0x80) continue;
    if (byte == 0 && i > 0) throw Error(ErrorCode::malformed, "varint with needless bytes");
    in = in.subspan(i + 1);
    return value;
  }
  if (available == kMaxVarintBytes) {
    throw Error(ErrorCode::malformed, "varint of more than 9 bytes");
  }
  return std::nullopt;
}

std::uint64_t take_whole_varint(ByteView& in) {
  const std::optional<std::uint64_t> value = take_varint(in);
  if (!value) throw Error(ErrorCode::malformed, "varint cut short");
  return *value;
}

}  // namespace shoal
