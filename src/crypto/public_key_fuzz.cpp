// The first byte picks the type of key, the rest is its data; what decodes must be canonical and
// able to refuse a signature.

#include "base/error.h"
#include "crypto/keys.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const shoal::ByteView input(data, size);
  const auto type = static_cast<shoal::crypto::KeyType>(input[0] % 5);
  try {
    const auto key = shoal::crypto::PublicKey::decode(type, input.subspan(1));
    SHOAL_CHECK(shoal::equal(key.data(), input.subspan(1)));
    SHOAL_CHECK(!key.verify(shoal::as_bytes("message"), shoal::Bytes(64, 1)));
  } catch (const shoal::Error&) {
  }
  return 0;
}
