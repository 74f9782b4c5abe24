#include "net/transport/quic/credentials.h"

#include <string_view>

#include "base/error.h"
#include "crypto/certificate.h"
#include "crypto/wipe.h"
#include "format/key_codec.h"

namespace shoal::quic {

namespace {

constexpr const char* kPriority =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:%DISABLE_TLS13_COMPAT_MODE"
    ":-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305"
    ":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1";
constexpr std::string_view kApplication = "libp2p";
/// The largest message that a handshake needs is a certificate.
constexpr std::size_t kMaxHandshakeMessage = crypto::kMaxCertificateBytes + 1024;

void require(int result) {
  if (result >= 0) return;
  throw Error(ErrorCode::failed, std::string("TLS for QUIC: ") + gnutls_strerror(result));
}

gnutls_datum_t datum(Bytes& bytes) {
  return {bytes.data(), static_cast<unsigned>(bytes.size())};
}

}  // namespace

std::shared_ptr<const Credentials> Credentials::make(const crypto::PrivateKey& identity,
                                                     const crypto::RandomFill& random) {
  std::shared_ptr<Credentials> made(new Credentials);
  require(gnutls_certificate_allocate_credentials(&made->certificate_));
  require(gnutls_priority_init(&made->priority_, kPriority, nullptr));
  const crypto::CertificateKey key = crypto::CertificateKey::generate(random);
  Bytes certificate =
      crypto::make_certificate(key, identity, encode_public_key(identity.public_key()), random);
  Bytes secret = key.private_key();
  const gnutls_datum_t certificate_datum = datum(certificate);
  const gnutls_datum_t secret_datum = datum(secret);
  const int result = gnutls_certificate_set_x509_key_mem2(
      made->certificate_, &certificate_datum, &secret_datum, GNUTLS_X509_FMT_DER, nullptr, 0);
  crypto::wipe(secret);
  require(result);
  return made;
}

Credentials::~Credentials() {
  if (priority_ != nullptr) gnutls_priority_deinit(priority_);
  if (certificate_ != nullptr) gnutls_certificate_free_credentials(certificate_);
}

TlsSession::TlsSession(std::shared_ptr<const Credentials> credentials, net::Direction direction,
                       Verify verify)
    : credentials_(std::move(credentials)), verify_(std::move(verify)) {
  const bool is_server = direction == net::Direction::inbound;
  require(gnutls_init(&session_, is_server ? GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET
                                           : GNUTLS_CLIENT | GNUTLS_KEY_SHARE_TOP));
  require(gnutls_priority_set(session_, credentials_->priority()));
  require(gnutls_credentials_set(session_, GNUTLS_CRD_CERTIFICATE, credentials_->certificate()));
  gnutls_datum_t application{
      reinterpret_cast<unsigned char*>(const_cast<char*>(kApplication.data())),
      static_cast<unsigned>(kApplication.size())};
  require(gnutls_alpn_set_protocols(session_, &application, 1, GNUTLS_ALPN_MANDATORY));
  gnutls_handshake_set_max_packet_length(session_, kMaxHandshakeMessage);
  gnutls_session_set_verify_function(session_, &TlsSession::verify);
  if (!is_server) return;
  gnutls_certificate_server_set_request(session_, GNUTLS_CERT_REQUIRE);
  gnutls_certificate_send_x509_rdn_sequence(session_, 1);
}

TlsSession::~TlsSession() {
  gnutls_deinit(session_);
}

void TlsSession::attach(ngtcp2_conn* connection) {
  connection_ = connection;
  reference_.user_data = this;
  reference_.get_conn = [](ngtcp2_crypto_conn_ref* reference) {
    return static_cast<TlsSession*>(reference->user_data)->connection_;
  };
  gnutls_session_set_ptr(session_, &reference_);
  const int result = ngtcp2_conn_is_server(connection)
                         ? ngtcp2_crypto_gnutls_configure_server_session(session_)
                         : ngtcp2_crypto_gnutls_configure_client_session(session_);
  require(result);
  ngtcp2_conn_set_tls_native_handle(connection, session_);
}

/// In place of GnuTLS's own verification of chains: these certificates are signed by themselves.
int TlsSession::verify(gnutls_session_t session) {
  auto* reference = static_cast<ngtcp2_crypto_conn_ref*>(gnutls_session_get_ptr(session));
  auto& self = *static_cast<TlsSession*>(reference->user_data);
  try {
    self.read_certificate();
    return 0;
  } catch (...) {
    self.failure_ = std::current_exception();
    return GNUTLS_E_CERTIFICATE_ERROR;
  }
}

void TlsSession::read_certificate() {
  unsigned count = 0;
  const gnutls_datum_t* certificates = gnutls_certificate_get_peers(session_, &count);
  if (certificates == nullptr || count != 1) {
    throw Error(ErrorCode::malformed, "the peer did not send one certificate");
  }
  peer_key_ = verify_({certificates[0].data, certificates[0].size});
}

}  // namespace shoal::quic
