#include "net/security/peer_certificate.h"

#include <chrono>

#include "base/error.h"
#include "crypto/certificate.h"
#include "format/key_codec.h"

namespace shoal::tls {

crypto::PublicKey verified_identity(ByteView certificate, WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  const crypto::CertificateClaim claim = crypto::read_certificate(certificate, seconds.count());
  auto key = decode_public_key(claim.signed_key.public_key);
  if (!key.verify(claim.to_sign, claim.signed_key.signature)) {
    throw Error(ErrorCode::malformed, "the peer's signature of its TLS key is wrong");
  }
  return key;
}

}  // namespace shoal::tls
