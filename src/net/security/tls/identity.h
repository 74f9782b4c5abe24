#pragma once

#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "crypto/given_random.h"
#include "crypto/keys.h"
#include "net/security/peer_certificate.h"

typedef struct ssl_ctx_st SSL_CTX;

namespace shoal::tls {

/// The name that multistream-select knows it by.
inline constexpr std::string_view kProtocolId = "/tls/1.0.0";

/// A certificate for our identity and OpenSSL's settings around it: made once, good for all
/// handshakes of a run. TLS 1.3 alone; AES-128-GCM, then ChaCha20-Poly1305; both sides show a
/// certificate; no session tickets, no server name.
class Identity {
 public:
  static std::shared_ptr<const Identity> make(const crypto::PrivateKey& identity,
                                              const crypto::RandomFill& random);
  explicit Identity(SSL_CTX* owned) : settings_(owned) {}
  ~Identity();
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  /// For Handshake: OpenSSL counts references and changes nothing else in it.
  SSL_CTX* settings() const { return settings_; }

 private:
  SSL_CTX* settings_;
};

}  // namespace shoal::tls
