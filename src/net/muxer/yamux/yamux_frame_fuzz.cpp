#include <algorithm>
#include <cstdint>

#include "base/error.h"
#include "net/muxer/yamux/frame.h"

// Every header either decodes to what encodes to the same 12 bytes, or is refused.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal::yamux;
  if (size < kHeaderBytes) return 0;
  const std::span<const std::uint8_t, kHeaderBytes> bytes(data, kHeaderBytes);
  try {
    SHOAL_CHECK(std::ranges::equal(encode(decode(bytes)), bytes));
  } catch (const shoal::Error&) {
  }
  return 0;
}
