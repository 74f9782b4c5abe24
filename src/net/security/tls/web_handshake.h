#pragma once

#include <memory>
#include <string>

#include "net/security/tls/exchange.h"
#include "net/security/tls/web_settings.h"
#include "system/time.h"

namespace shoal::tls {

struct WebHandshakeConfig {
  Role role;
  std::shared_ptr<const WebSettings> settings;
  /// Of a client: the host's, which the server is told and its certificate must be for, where the
  /// settings verify one. Empty: neither.
  std::string server_name = {};
  /// By which certificates have to be valid.
  WallTime now;
};

/// The handshake of HTTPS: the server shows a certificate, the client none, and speaks HTTP/1.1.
class WebHandshake final : public Exchange {
 public:
  /// Of all records of the peer.
  static constexpr std::size_t kMaxBytes = WebSettings::kMaxChainBytes + 16 * 1024;

  /// Borrows `random` for its life. Throws Error{malformed} for what cannot be a server's name.
  WebHandshake(WebHandshakeConfig config, const crypto::RandomFill& random);

  using Exchange::keys;

 private:
  bool has_proof() const override { return true; }
  Error explained(Error said) const override;

  const WebHandshakeConfig config_;
};

}  // namespace shoal::tls
