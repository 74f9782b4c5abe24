#pragma once

#include "base/bytes.h"
#include "crypto/keys.h"
#include "system/time.h"

namespace shoal::tls {

/// Who a certificate (DER) is of, by libp2p specs, tls: all that crypto::read_certificate verifies,
/// and the identity's signature. Throws what that throws, what decoding a key throws, and
/// Error{malformed} for a wrong signature.
crypto::PublicKey verified_identity(ByteView certificate, WallTime now);

}  // namespace shoal::tls
