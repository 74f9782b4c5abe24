#include "net/security/tls/settings.h"

#include <openssl/ssl.h>

#include "crypto/given_random.h"
#include "crypto/openssl.h"

namespace shoal::tls {

namespace {

constexpr const char* kSuites = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256";
constexpr const char* kSignatures =
    "ECDSA+SHA256:ed25519:ECDSA+SHA384:ECDSA+SHA512:"
    "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512";

}  // namespace

SSL_CTX* make_settings(std::size_t max_certificate_bytes) {
  SSL_CTX* settings = SSL_CTX_new_ex(crypto::given_random_library(), nullptr, TLS_method());
  crypto::require(settings != nullptr, "TLS could not be set up");
  SSL_CTX_set_options(settings, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                    SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_session_cache_mode(settings, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(settings, static_cast<long>(max_certificate_bytes) + 64);
  const bool done = SSL_CTX_set_min_proto_version(settings, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_max_proto_version(settings, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_num_tickets(settings, 0) == 1 &&
                    SSL_CTX_set_ciphersuites(settings, kSuites) == 1 &&
                    SSL_CTX_set1_groups_list(settings, kGroups) == 1 &&
                    SSL_CTX_set1_sigalgs_list(settings, kSignatures) == 1;
  if (!done) SSL_CTX_free(settings);
  crypto::require(done, "TLS could not be set up");
  return settings;
}

}  // namespace shoal::tls
