#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/resources/handshake_limiter.h"
#include "net/security/tls/web_settings.h"
#include "system/system.h"

namespace shoal::net {

struct WebTlsOptions {
  /// What is shown to those who dial: a certificate, those behind it, and its key, PEM. Empty: one
  /// of our own making.
  Bytes certificates = {};
  Bytes key = {};
  /// A PEM file of the certificates that vouch for servers. Empty: no server is known by name.
  std::string roots_file = {};
};

/// TLS as HTTPS has it, around the connections of a transport (/tls/ws): for what lets nothing else
/// through. Who the peer is does not come from it but from the handshake inside.
class WebTls {
 public:
  /// Borrows all for its life. Throws Error{malformed} for a certificate or key that is none.
  WebTls(System& system, HandshakeLimiter& gate, WebTlsOptions options);

  /// As client. A server that was dialled by name shows a certificate for it by one of the roots,
  /// or Error{refused}; one that was dialled by its IP address, the name being empty, any. The
  /// caller bounds the time.
  Task<std::unique_ptr<Stream>> outbound(std::unique_ptr<Stream> stream, std::string server_name);
  /// As server, to whoever is at `remote`.
  Task<std::unique_ptr<Stream>> inbound(std::unique_ptr<Stream> stream, Multiaddr remote);

 private:
  Task<std::shared_ptr<const tls::WebSettings>> client_settings(bool by_name);
  const std::shared_ptr<const tls::WebSettings>& server_settings();

  System& system_;
  HandshakeLimiter& gate_;
  const WebTlsOptions options_;
  const crypto::RandomFill random_;
  // Made when they are first needed.
  std::shared_ptr<const tls::WebSettings> server_;
  std::shared_ptr<const tls::WebSettings> by_name_;
  std::shared_ptr<const tls::WebSettings> by_address_;
};

}  // namespace shoal::net
