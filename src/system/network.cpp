#include "system/network.h"

#include <array>

#include "base/error.h"

namespace shoal {

Task<void> Stream::wait_readable() {
  co_return;
}

Task<void> read_exactly(Stream& stream, MutableBytes into) {
  while (!into.empty()) {
    const std::size_t got = co_await stream.read_some(into);
    if (got == 0) throw Error(ErrorCode::closed, "the stream ended in the middle of a message");
    into = into.subspan(got);
  }
}

Task<void> write_all(Stream& stream, ByteView bytes) {
  const std::array<ByteView, 1> pieces = {bytes};
  co_await stream.write(pieces);
}

bool InterfaceAddress::covers(const IpAddress& other) const {
  if (address.is_v6() != other.is_v6()) return false;
  const ByteView ours = address.bytes();
  const ByteView theirs = other.bytes();
  for (std::size_t bit = 0; bit < prefix_bits && bit < ours.size() * 8; bit += 8) {
    const std::size_t left = prefix_bits - bit;
    const auto mask = static_cast<std::uint8_t>(left >= 8 ? 0xff : 0xff << (8 - left));
    if (((ours[bit / 8] ^ theirs[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace shoal
