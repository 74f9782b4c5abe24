// The input is a key file. What is read has 32 bytes and a fingerprint.

#include "net/security/pnet/network_key.h"

#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  try {
    const auto key = pnet::NetworkKey::parse({data, size});
    SHOAL_CHECK(key.fingerprint().size() == 32);
  } catch (const Error&) {
  }
  return 0;
}
