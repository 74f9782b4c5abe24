#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/web_tls.h"
#include "protocol/kad/address_policy.h"
#include "routing/delegated_answer.h"
#include "routing/http_answer.h"
#include "routing/router.h"
#include "system/system.h"

namespace shoal::routing {

/// Where a delegated router is: http://HOST[:PORT][/PATH] or the same with https, as the user wrote
/// it.
struct RouterUrl {
  static constexpr std::size_t kMaxBytes = 1024;

  std::string host;  // a name or an IP address, without brackets
  std::uint16_t port = 80;
  bool secure = false;  // https
  std::string path;     // without a slash at its end

  /// Throws Error{usage} for what is no such URL, and for https with an IP address, which no
  /// certificate is verified by.
  static RouterUrl parse(std::string_view text);
  /// As in the Host field.
  std::string authority() const;
};

/// That one node asks.
inline constexpr std::size_t kMaxHttpRouters = 4;

/// Asks an HTTP server that knows the answers (Delegated Routing V1 HTTP API) over a connection of
/// its own for each question. It is only told what is looked for, not what is here.
class HttpRouter final : public Router {
 public:
  /// From the question to the whole answer.
  static constexpr Duration kTimeout = 10s;
  /// Addresses of its host that are tried.
  static constexpr std::size_t kMaxTried = 4;

  /// Borrows both for its life; `tls` verifies the servers of https.
  HttpRouter(System& system, net::WebTls& tls, RouterUrl url);

  std::string_view where() const override { return where_; }
  Task<void> find_providers(Cid cid, FoundSink sink) override;
  Task<void> find_peer(PeerId peer, FoundSink sink) override;

 private:
  Task<void> ask(std::string question, FoundSink sink);
  Task<HttpAnswer> get(std::string question);
  Task<std::unique_ptr<Stream>> connect();
  Task<std::unique_ptr<Stream>> connect_to(IpAddress address);
  std::string request(const std::string& question) const;

  System& system_;
  net::WebTls& tls_;
  const RouterUrl url_;
  const std::string where_;
};

}  // namespace shoal::routing
