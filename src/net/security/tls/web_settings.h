#pragma once

#include <cstddef>
#include <memory>

#include "base/bytes.h"
#include "crypto/given_random.h"

typedef struct ssl_ctx_st SSL_CTX;
typedef struct x509_store_st X509_STORE;

namespace shoal::tls {

/// The certificates by which those of servers are verified, such as a system's.
class Roots {
 public:
  /// Of their PEM file; Debian's has a quarter of a megabyte.
  static constexpr std::size_t kMaxBytes = 4 * 1024 * 1024;

  /// Throws Error{malformed} when there is none, or one cannot be read. Takes milliseconds.
  static std::shared_ptr<const Roots> parse(ByteView pem);
  explicit Roots(X509_STORE* owned) : store_(owned) {}
  ~Roots();
  Roots(const Roots&) = delete;
  Roots& operator=(const Roots&) = delete;

  X509_STORE* store() const { return store_; }

 private:
  X509_STORE* store_;
};

/// OpenSSL's settings for one side of HTTPS, good for all handshakes of a run.
class WebSettings {
 public:
  /// Of a server's certificates.
  static constexpr std::size_t kMaxChainBytes = 32 * 1024;

  /// Shows the first certificate of `certificates`, with those behind it, and its key; both PEM.
  /// Throws Error{malformed} when they cannot be read, or do not belong together.
  static std::shared_ptr<const WebSettings> server(ByteView certificates, ByteView key,
                                                   const crypto::RandomFill& random);
  /// Throws as server() does.
  static void check_server(ByteView certificates, ByteView key);
  /// Shows a fresh certificate that nobody vouches for.
  static std::shared_ptr<const WebSettings> self_made_server(const crypto::RandomFill& random);
  /// Takes only servers that `roots` vouch for, or all without it.
  static std::shared_ptr<const WebSettings> client(std::shared_ptr<const Roots> roots,
                                                   const crypto::RandomFill& random);

  explicit WebSettings(SSL_CTX* owned) : settings_(owned) {}
  ~WebSettings();
  WebSettings(const WebSettings&) = delete;
  WebSettings& operator=(const WebSettings&) = delete;

  SSL_CTX* settings() const { return settings_; }

 private:
  SSL_CTX* settings_;
};

}  // namespace shoal::tls
