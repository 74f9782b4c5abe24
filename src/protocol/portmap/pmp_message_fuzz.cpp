#include <cstdint>

#include "base/error.h"
#include "protocol/portmap/pmp_message.h"

// Answers of a router, whatever they are. The first byte chooses what was asked.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  using namespace shoal::portmap;
  if (size == 0) return 0;
  const ByteView answer(data + 1, size - 1);
  try {
    switch (data[0] % 3) {
      case 0:
        natpmp::decode_outside(answer);
        break;
      case 1:
        natpmp::decode_mapped(answer);
        break;
      default: {
        const pcp::Mapped mapped = pcp::decode_mapped(answer);
        const bool plausible = is_plausible_outside(mapped.outside);
        SHOAL_CHECK(!plausible || !mapped.outside.address.is_private());
      }
    }
  } catch (const Error&) {
  }
  return 0;
}
