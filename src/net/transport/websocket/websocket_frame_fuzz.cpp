// Any bytes as a request, as an answer, and as the header of a frame.

#include <algorithm>

#include "base/error.h"
#include "net/transport/websocket/frame.h"
#include "net/transport/websocket/handshake.h"

using namespace shoal;
using namespace shoal::net::websocket;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  try {
    const std::string key = key_of_request(as_text(input));
    check_answer(make_answer(key), key);
  } catch (const Error&) {
  }
  try {
    check_answer(as_text(input), "key");
  } catch (const Error&) {
  }
  if (size < FrameHeader::kMinBytes) return 0;
  const std::size_t count = std::min(size, header_bytes(data[0], data[1]));
  try {
    const FrameHeader header = decode_header(input.first(count));
    SHOAL_CHECK(equal(encode(header), input.first(count)));
  } catch (const Error&) {
  }
  return 0;
}
