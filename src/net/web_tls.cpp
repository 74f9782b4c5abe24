#include "net/web_tls.h"

#include <utility>

#include "base/error.h"
#include "net/security/tls/run_handshake.h"
#include "net/security/tls/tls_stream.h"
#include "net/security/tls/web_handshake.h"
#include "system/whole_file.h"

namespace shoal::net {

namespace {

std::shared_ptr<const tls::Roots> read_roots(Storage& storage, const std::string& path) {
  if (path.empty()) {
    throw Error(ErrorCode::refused,
                "the server's certificate is not trusted: this system trusts none", {},
                "install ca-certificates, or name a file of certificates to trust");
  }
  const auto pem = read_whole(storage, storage.absolute(path), tls::Roots::kMaxBytes);
  if (!pem) throw Error(ErrorCode::not_found, "no such file of trusted certificates", path);
  return tls::Roots::parse(*pem);
}

}  // namespace

WebTls::WebTls(System& system, HandshakeLimiter& gate, WebTlsOptions options)
    : system_(system),
      gate_(gate),
      options_(std::move(options)),
      random_([&system](MutableBytes out) { system.random.fill(out); }) {
  if (!options_.certificates.empty())
    server_ = tls::WebSettings::server(options_.certificates, options_.key, random_);
}

Task<std::unique_ptr<Stream>> WebTls::outbound(std::unique_ptr<Stream> stream,
                                               std::string server_name) {
  auto settings = co_await client_settings(!server_name.empty());
  tls::WebHandshake handshake({.role = tls::Role::client,
                               .settings = std::move(settings),
                               .server_name = std::move(server_name),
                               .now = system_.clock.wall_now()},
                              random_);
  co_await run_handshake(*stream, handshake, {});
  co_return std::make_unique<TlsStream>(std::move(stream), handshake.keys());
}

Task<std::unique_ptr<Stream>> WebTls::inbound(std::unique_ptr<Stream> stream, Multiaddr remote) {
  // Who only connects costs no arithmetic.
  Bytes record = co_await read_handshake_record(*stream);
  co_await gate_.enter(remote);
  tls::WebHandshake handshake(
      {.role = tls::Role::server, .settings = server_settings(), .now = system_.clock.wall_now()},
      random_);
  co_await run_handshake(*stream, handshake, std::move(record));
  co_return std::make_unique<TlsStream>(std::move(stream), handshake.keys());
}

const std::shared_ptr<const tls::WebSettings>& WebTls::server_settings() {
  if (!server_) server_ = tls::WebSettings::self_made_server(random_);
  return server_;
}

Task<std::shared_ptr<const tls::WebSettings>> WebTls::client_settings(bool by_name) {
  auto& kept = by_name ? by_name_ : by_address_;
  if (kept) co_return kept;
  std::shared_ptr<const tls::Roots> roots;
  if (by_name) {
    const auto read = [this] { return read_roots(system_.storage, options_.roots_file); };
    roots = co_await offload(system_.offload, read);
  }
  kept = tls::WebSettings::client(std::move(roots), random_);
  co_return kept;
}

}  // namespace shoal::net
