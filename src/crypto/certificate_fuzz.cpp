// The input is a certificate, as a peer sends it before it has proved anything, and the extension
// inside of one. What an extension decodes to has no other encoding.

#include "crypto/certificate.h"

#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  using namespace shoal::crypto;
  const ByteView input(data, size);
  try {
    const CertificateClaim claim = read_certificate(input, 1'700'000'000);
    SHOAL_CHECK(size <= kMaxCertificateBytes && claim.to_sign.size() < size + 32);
  } catch (const Error&) {
  }
  try {
    SHOAL_CHECK(equal(encode_signed_key(decode_signed_key(input)), input));
  } catch (const Error&) {
  }
  return 0;
}
