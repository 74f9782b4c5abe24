#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>

#include "crypto/given_random.h"
#include "crypto/keys.h"
#include "net/security/secured.h"
#include "net/transport/quic/ngtcp2.h"
#include "net/transport/quic/replay_window.h"

namespace shoal::quic {

/// A certificate for our identity and GnuTLS's settings around it: made once, good for all
/// connections of a run. TLS 1.3 alone, ALPN "libp2p"; both sides show a certificate, unless a
/// session is resumed whose ticket holds them; no server name (libp2p specs, tls and quic).
class Credentials {
 public:
  static std::shared_ptr<const Credentials> make(const crypto::PrivateKey& identity,
                                                 const crypto::RandomFill& random);
  ~Credentials();
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  gnutls_certificate_credentials_t certificate() const { return certificate_; }
  gnutls_priority_t priority() const { return priority_; }
  /// Tickets that we give out are sealed with it, for this run.
  const gnutls_datum_t& ticket_key() const { return ticket_key_; }
  gnutls_anti_replay_t replay_window() const { return replays_.native(); }

 private:
  Credentials() = default;

  gnutls_certificate_credentials_t certificate_ = nullptr;
  gnutls_priority_t priority_ = nullptr;
  gnutls_datum_t ticket_key_{};
  ReplayWindow replays_;
};

/// The TLS side of one connection, driven by ngtcp2's helper.
class TlsSession {
 public:
  /// Who the certificate (DER) is of; throws Error when it is not to be trusted.
  using Verify = std::function<crypto::PublicKey(ByteView certificate)>;

  /// Is handed what GnuTLS resumes the session by.
  using OnTicket = std::function<void(Bytes session)>;

  TlsSession(std::shared_ptr<const Credentials> credentials, net::Direction direction,
             Verify verify, OnTicket on_ticket);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// By a client, before attach(): goes on with a session with the peer of this key. False when
  /// that can't be.
  bool resume(ByteView session, const crypto::PublicKey& peer);
  /// To be called before the first packet.
  void attach(ngtcp2_conn* connection);

  gnutls_session_t native() { return session_; }
  /// The peer's, once its certificate has been verified.
  const std::optional<crypto::PublicKey>& peer_key() const { return peer_key_; }
  /// Why the certificate was refused.
  const std::exception_ptr& failure() const { return failure_; }
  /// By a server whose client has resumed a session: the certificate that its ticket holds. Throws
  /// as Verify does.
  void read_certificate();
  /// What is said before the handshake is over is heard. The client is who the ticket says, but
  /// its words may be ones that it said before, played back.
  bool takes_early_data() const;
  /// By a server whose handshake is over: gives the client a ticket for the next one.
  void send_ticket();

 private:
  static TlsSession& self_of(gnutls_session_t session);
  static int verify(gnutls_session_t session);
  static int take_ticket(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                         const gnutls_datum_t* message);

  const std::shared_ptr<const Credentials> credentials_;
  const Verify verify_;
  const OnTicket on_ticket_;
  gnutls_session_t session_ = nullptr;
  ngtcp2_conn* connection_ = nullptr;
  ngtcp2_crypto_conn_ref reference_{};
  std::optional<crypto::PublicKey> peer_key_;
  std::exception_ptr failure_;
};

}  // namespace shoal::quic
