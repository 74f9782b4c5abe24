#include "net/security/tls/identity.h"

#include <openssl/ssl.h>

#include "crypto/certificate.h"
#include "crypto/openssl.h"
#include "crypto/wipe.h"
#include "format/key_codec.h"
#include "net/security/tls/handshake.h"
#include "net/security/tls/settings.h"

namespace shoal::tls {

namespace {

using crypto::require;

void use_certificate(SSL_CTX* settings, const crypto::PrivateKey& identity,
                     const crypto::RandomFill& random) {
  const crypto::CertificateKey key = crypto::CertificateKey::generate(random);
  const Bytes certificate =
      crypto::make_certificate(key, identity, encode_public_key(identity.public_key()), random);
  Bytes secret = key.private_key();
  const bool used = SSL_CTX_use_certificate_ASN1(settings, static_cast<int>(certificate.size()),
                                                 certificate.data()) == 1 &&
                    SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_EC, settings, secret.data(),
                                                static_cast<long>(secret.size())) == 1;
  crypto::wipe(secret);
  require(used, "TLS does not take our certificate");
}

}  // namespace

std::shared_ptr<const Identity> Identity::make(const crypto::PrivateKey& identity,
                                               const crypto::RandomFill& random) {
  const crypto::RandomScope scope(random);
  SSL_CTX* settings = make_settings(crypto::kMaxCertificateBytes);
  auto made = std::make_shared<const Identity>(settings);
  use_certificate(settings, identity, random);
  Handshake::set_callbacks(settings);
  return made;
}

Identity::~Identity() {
  SSL_CTX_free(settings_);
}

}  // namespace shoal::tls
