// Any bytes as the payload of a handshake message, and as a payload that claims to vouch for a key.

#include "base/error.h"
#include "net/security/noise/payload.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  try {
    const auto payload = noise::decode_payload({data, size});
    SHOAL_CHECK(noise::decode_payload(noise::encode_payload(payload)) == payload);
    noise::verified_identity(payload, Bytes(32, 1));
  } catch (const Error&) {
  }
  return 0;
}
