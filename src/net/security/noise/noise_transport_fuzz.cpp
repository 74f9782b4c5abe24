// Frames after the handshake. The input is a script of steps of two bytes: an honest frame of some
// length, a flipped bit in what is on the wire, bytes of one's own; then all of it arrives in
// pieces. What comes out is what the honest side said, from the start, and nothing else.

#include <algorithm>

#include "base/error.h"
#include "net/security/noise/receive_buffer.h"

namespace {

using namespace shoal;
using namespace shoal::noise;

struct Wire {
  Bytes said;
  Bytes bytes;
};

Wire make_wire(ByteView script) {
  static const Bytes kKey(32, 7);
  FrameSealer sealer{CipherState(kKey)};
  Wire wire;
  for (; script.size() >= 2; script = script.subspan(2)) {
    const std::uint8_t what = script[0];
    const std::size_t number = script[1];
    if (what < 128) {
      const Bytes plaintext(number << what % 4, static_cast<std::uint8_t>(wire.said.size()));
      append(wire.said, plaintext);
      const ByteView piece = plaintext;
      sealer.append({&piece, 1}, wire.bytes);
    } else if (what < 192 && !wire.bytes.empty()) {
      wire.bytes[(std::size_t{what} << 8 | number) % wire.bytes.size()] ^=
          static_cast<std::uint8_t>(1U << what % 8);
    } else {
      wire.bytes.push_back(static_cast<std::uint8_t>(number));
    }
  }
  return wire;
}

Bytes opened(ByteView wire, std::size_t piece) {
  static const Bytes kKey(32, 7);
  FrameOpener opener{CipherState(kKey)};
  ReceiveBuffer buffer;
  Bytes out;
  try {
    while (true) {
      while (auto body = buffer.next_body()) append(out, opener.open(*body));
      SHOAL_CHECK(buffer.capacity_bytes() <= ReceiveBuffer::kMaxBytes);
      if (wire.empty()) return out;
      const MutableBytes space = buffer.space();
      const std::size_t count = std::min({piece, space.size(), wire.size()});
      SHOAL_CHECK(count > 0);
      std::copy_n(wire.begin(), count, space.begin());
      buffer.filled(count);
      wire = wire.subspan(count);
    }
  } catch (const Error&) {
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Wire wire = make_wire({data + 1, size - 1});
  const Bytes out = opened(wire.bytes, std::size_t{1} + data[0] * 16);
  SHOAL_CHECK(out.size() <= wire.said.size());
  SHOAL_CHECK(equal(out, ByteView(wire.said).first(out.size())));
  return 0;
}
