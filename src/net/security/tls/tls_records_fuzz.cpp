// Records after the handshake. The input is a script of steps of two bytes: an honest record of
// some length and type, a flipped bit in what is on the wire, bytes of one's own; then all of it
// arrives in pieces. What comes out is what the honest side said, from the start, and nothing else.

#include <algorithm>

#include "base/error.h"
#include "net/security/tls/control.h"
#include "net/security/tls/record.h"

namespace {

using namespace shoal;
using namespace shoal::tls;

constexpr Suite kSuite = Suite::aes_128_gcm_sha256;

TrafficSecret test_secret() {
  return TrafficSecret(Bytes(32, 7));
}

struct Wire {
  Bytes said;
  Bytes bytes;
};

void add_control(Wire& wire, RecordSealer& sealer, std::size_t number) {
  // A ticket, whose length may lie, or a key update.
  const bool is_update = number % 2 == 0;
  const Bytes ticket{4, 0, 0, static_cast<std::uint8_t>(number), 1, 2, 3};
  append(wire.bytes,
         sealer.seal(ContentType::handshake, is_update ? ByteView(kKeyUpdate) : ByteView(ticket)));
  if (is_update) sealer.update();
}

Wire make_wire(ByteView script) {
  RecordSealer sealer(kSuite, test_secret());
  Wire wire;
  for (; script.size() >= 2; script = script.subspan(2)) {
    const std::uint8_t what = script[0];
    const std::size_t number = script[1];
    if (what < 112) {
      const Bytes content(number << what % 4, static_cast<std::uint8_t>(wire.said.size()));
      append(wire.said, content);
      append(wire.bytes, sealer.seal(ContentType::application_data, content));
    } else if (what < 128) {
      add_control(wire, sealer, number);
    } else if (what < 192 && !wire.bytes.empty()) {
      wire.bytes[(std::size_t{what} << 8 | number) % wire.bytes.size()] ^=
          static_cast<std::uint8_t>(1U << what % 8);
    } else {
      wire.bytes.push_back(static_cast<std::uint8_t>(number));
    }
  }
  return wire;
}

Bytes read_all(ByteView wire, std::size_t piece) {
  RecordOpener opener(kSuite, test_secret());
  ControlReader control;
  net::FrameBuffer buffer = make_receive_buffer();
  Bytes out;
  try {
    while (true) {
      while (const auto record = buffer.next_frame()) {
        const MutableBytes body =
            record->subspan(kHeaderBytes, RecordOpener::space_for(record->size()));
        const RecordOpener::Opened opened = opener.open(*record, body);
        const ByteView content = body.first(opened.bytes);
        if (opened.type == ContentType::application_data && !content.empty()) {
          append(out, content);
          control.data_arrived();
          continue;
        }
        const Request request = control.read(opened.type, content);
        if (request == Request::end) return out;
        if (request != Request::nothing) opener.update();
      }
      SHOAL_CHECK(buffer.capacity_bytes() <= kMaxReceiveBufferBytes);
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
  const Bytes out = read_all(wire.bytes, std::size_t{1} + data[0] * 16);
  SHOAL_CHECK(out.size() <= wire.said.size());
  SHOAL_CHECK(equal(out, ByteView(wire.said).first(out.size())));
  return 0;
}
