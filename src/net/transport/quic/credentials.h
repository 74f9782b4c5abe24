#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>

#include "crypto/given_random.h"
#include "crypto/keys.h"
#include "net/security/secured.h"
#include "net/transport/quic/ngtcp2.h"

namespace shoal::quic {

/// A certificate for our identity and GnuTLS's settings around it: made once, good for all
/// connections of a run. TLS 1.3 alone, ALPN "libp2p"; both sides show a certificate; no session
/// tickets, no server name (libp2p specs, tls and quic).
class Credentials {
 public:
  static std::shared_ptr<const Credentials> make(const crypto::PrivateKey& identity,
                                                 const crypto::RandomFill& random);
  ~Credentials();
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  gnutls_certificate_credentials_t certificate() const { return certificate_; }
  gnutls_priority_t priority() const { return priority_; }

 private:
  Credentials() = default;

  gnutls_certificate_credentials_t certificate_ = nullptr;
  gnutls_priority_t priority_ = nullptr;
};

/// The TLS side of one connection, driven by ngtcp2's helper.
class TlsSession {
 public:
  /// Who the certificate (DER) is of; throws Error when it is not to be trusted.
  using Verify = std::function<crypto::PublicKey(ByteView certificate)>;

  TlsSession(std::shared_ptr<const Credentials> credentials, net::Direction direction,
             Verify verify);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// To be called before the first packet.
  void attach(ngtcp2_conn* connection);

  gnutls_session_t native() { return session_; }
  /// The peer's, once its certificate has been verified.
  const std::optional<crypto::PublicKey>& peer_key() const { return peer_key_; }
  /// Why the certificate was refused.
  const std::exception_ptr& failure() const { return failure_; }

 private:
  static int verify(gnutls_session_t session);
  void read_certificate();

  const std::shared_ptr<const Credentials> credentials_;
  const Verify verify_;
  gnutls_session_t session_ = nullptr;
  ngtcp2_conn* connection_ = nullptr;
  ngtcp2_crypto_conn_ref reference_{};
  std::optional<crypto::PublicKey> peer_key_;
  std::exception_ptr failure_;
};

}  // namespace shoal::quic
