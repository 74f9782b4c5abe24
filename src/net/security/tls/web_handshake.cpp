#include "net/security/tls/web_handshake.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <utility>

#include "crypto/openssl.h"

namespace shoal::tls {

namespace {

/// ALPN, each behind its length.
constexpr std::array<std::uint8_t, 9> kHttp = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

void expect_server(SSL* ssl, const std::string& name) {
  if (name.empty()) return;
  if (SSL_set_tlsext_host_name(ssl, name.c_str()) == 1 && SSL_set1_host(ssl, name.c_str()) == 1)
    return;
  ERR_clear_error();
  throw Error(ErrorCode::malformed, "not the name of a server", name);
}

}  // namespace

WebHandshake::WebHandshake(WebHandshakeConfig config, const crypto::RandomFill& random)
    : Exchange(config.settings->settings(), config.role, kMaxBytes, random),
      config_(std::move(config)) {
  if (config_.role == Role::server) return;
  expect_server(ssl(), config_.server_name);
  const auto now = std::chrono::floor<std::chrono::seconds>(config_.now).time_since_epoch();
  X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl()), static_cast<time_t>(now.count()));
  // Returns 0 for success, unlike its neighbours.
  crypto::require(SSL_set_alpn_protos(ssl(), kHttp.data(), kHttp.size()) == 0,
                  "TLS does not take the name of HTTP");
}

Error WebHandshake::explained(Error said) const {
  const long verdict = SSL_get_verify_result(ssl());
  const bool verifies = SSL_get_verify_mode(ssl()) != SSL_VERIFY_NONE;
  if (!verifies || verdict == X509_V_OK) return said;
  return {ErrorCode::refused,
          std::string("the server's certificate is not trusted: ") +
              X509_verify_cert_error_string(verdict),
          config_.server_name};
}

}  // namespace shoal::tls
