#include "net/security/tls/identity.h"

#include <openssl/ssl.h>

#include "crypto/certificate.h"
#include "crypto/openssl.h"
#include "crypto/wipe.h"
#include "format/key_codec.h"
#include "net/security/tls/handshake.h"

namespace shoal::tls {

namespace {

constexpr const char* kSuites = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256";
constexpr const char* kSignatures =
    "ECDSA+SHA256:ed25519:ECDSA+SHA384:ECDSA+SHA512:"
    "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512";

using crypto::require;

void use_protocol(SSL_CTX* settings) {
  SSL_CTX_set_options(settings, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                    SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_session_cache_mode(settings, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(settings, crypto::kMaxCertificateBytes + 64);
  require(SSL_CTX_set_min_proto_version(settings, TLS1_3_VERSION) == 1 &&
              SSL_CTX_set_max_proto_version(settings, TLS1_3_VERSION) == 1 &&
              SSL_CTX_set_num_tickets(settings, 0) == 1 &&
              SSL_CTX_set_ciphersuites(settings, kSuites) == 1 &&
              SSL_CTX_set1_groups_list(settings, kGroups) == 1 &&
              SSL_CTX_set1_sigalgs_list(settings, kSignatures) == 1,
          "TLS could not be set up");
}

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
  SSL_CTX* settings = SSL_CTX_new_ex(crypto::given_random_library(), nullptr, TLS_method());
  require(settings != nullptr, "TLS could not be set up");
  auto made = std::make_shared<const Identity>(settings);
  use_protocol(settings);
  use_certificate(settings, identity, random);
  Handshake::set_callbacks(settings);
  return made;
}

Identity::~Identity() {
  SSL_CTX_free(settings_);
}

}  // namespace shoal::tls
