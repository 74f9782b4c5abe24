// Any bytes as a message; what was understood comes back the same.

#include "base/error.h"
#include "protocol/autonat/message.h"

using namespace shoal;
using namespace shoal::autonat;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  try {
    const Message message = decode(input);
    SHOAL_CHECK(decode(encode(message)) == message);
  } catch (const Error&) {
  }
  try {
    const std::uint64_t nonce = decode_dial_back(input);
    SHOAL_CHECK(decode_dial_back(encode_dial_back(nonce)) == nonce);
  } catch (const Error&) {
  }
  return 0;
}
