#include "net/transport/quic/credentials.h"

#include <string_view>

#include "base/error.h"
#include "crypto/certificate.h"
#include "crypto/wipe.h"
#include "format/key_codec.h"

namespace shoal::quic {

namespace {

/// The server's order counts: rust-libp2p's clients name ChaCha20 first even where AES is in
/// hardware.
constexpr const char* kPriority =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:%DISABLE_TLS13_COMPAT_MODE:%SERVER_PRECEDENCE"
    ":-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305"
    ":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1";
constexpr unsigned kEarlyData = GNUTLS_ENABLE_EARLY_DATA | GNUTLS_NO_END_OF_EARLY_DATA;
/// QUIC bounds it by its own windows (RFC 9001, section 4.6.1).
constexpr std::size_t kAnyEarlyData = 0xffffffff;
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
  require(gnutls_session_ticket_key_generate(&made->ticket_key_));
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
  if (ticket_key_.data != nullptr) gnutls_memset(ticket_key_.data, 0, ticket_key_.size);
  gnutls_free(ticket_key_.data);
  if (priority_ != nullptr) gnutls_priority_deinit(priority_);
  if (certificate_ != nullptr) gnutls_certificate_free_credentials(certificate_);
}

TlsSession::TlsSession(std::shared_ptr<const Credentials> credentials, net::Direction direction,
                       Verify verify, OnTicket on_ticket)
    : credentials_(std::move(credentials)),
      verify_(std::move(verify)),
      on_ticket_(std::move(on_ticket)) {
  const bool is_server = direction == net::Direction::inbound;
  require(
      gnutls_init(&session_, kEarlyData | (is_server ? GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET
                                                     : GNUTLS_CLIENT | GNUTLS_KEY_SHARE_TOP)));
  require(gnutls_priority_set(session_, credentials_->priority()));
  require(gnutls_credentials_set(session_, GNUTLS_CRD_CERTIFICATE, credentials_->certificate()));
  gnutls_datum_t application{
      reinterpret_cast<unsigned char*>(const_cast<char*>(kApplication.data())),
      static_cast<unsigned>(kApplication.size())};
  require(gnutls_alpn_set_protocols(session_, &application, 1, GNUTLS_ALPN_MANDATORY));
  gnutls_handshake_set_max_packet_length(session_, kMaxHandshakeMessage);
  gnutls_session_set_verify_function(session_, &TlsSession::verify);
  if (!is_server) {
    gnutls_handshake_set_hook_function(session_, GNUTLS_HANDSHAKE_NEW_SESSION_TICKET,
                                       GNUTLS_HOOK_POST, &TlsSession::take_ticket);
    return;
  }
  require(gnutls_session_ticket_enable_server(session_, &credentials_->ticket_key()));
  require(gnutls_record_set_max_early_data_size(session_, kAnyEarlyData));
  gnutls_anti_replay_enable(session_, credentials_->replay_window());
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

TlsSession& TlsSession::self_of(gnutls_session_t session) {
  auto* reference = static_cast<ngtcp2_crypto_conn_ref*>(gnutls_session_get_ptr(session));
  return *static_cast<TlsSession*>(reference->user_data);
}

/// Nobody but who showed its certificate then can go on with it.
bool TlsSession::resume(ByteView session, const crypto::PublicKey& peer) {
  if (gnutls_session_set_data(session_, session.data(), session.size()) != 0) return false;
  peer_key_ = peer;
  return true;
}

bool TlsSession::takes_early_data() const {
  return (gnutls_session_get_flags(session_) & GNUTLS_SFLAGS_EARLY_DATA) != 0;
}

void TlsSession::send_ticket() {
  gnutls_session_ticket_send(session_, 1, 0);  // without one the next handshake is a full one
}

int TlsSession::take_ticket(gnutls_session_t session, unsigned, unsigned, unsigned,
                            const gnutls_datum_t*) {
  TlsSession& self = self_of(session);
  gnutls_datum_t data{};
  if (!self.on_ticket_ || gnutls_session_get_data2(session, &data) != 0) return 0;
  try {
    self.on_ticket_({data.data, data.data + data.size});
  } catch (...) {
    self.failure_ = std::current_exception();
  }
  gnutls_memset(data.data, 0, data.size);
  gnutls_free(data.data);
  return self.failure_ ? GNUTLS_E_MEMORY_ERROR : 0;
}

/// In place of GnuTLS's own verification of chains: these certificates are signed by themselves.
int TlsSession::verify(gnutls_session_t session) {
  TlsSession& self = self_of(session);
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
