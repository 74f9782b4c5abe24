#pragma once

#include <memory>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "service/context.h"

namespace shoal::service {

/// A Bitswap session with the peers that it asks: the providers that a link names, peers of the
/// same machine and network, and whoever is found by routing while it lives; when no link names
/// one, everybody who is connected now or later.
class ContentSession final : net::ConnectionObserver, routing::Routing::Watcher {
 public:
  /// A link's own providers are asked alone for so long.
  static constexpr Duration kHeadStart = 500ms;
  /// Between searches: while nobody gives anything, twice as long each time up to the second; the
  /// last while somebody does.
  static constexpr Duration kFirstPause = 1s;
  static constexpr Duration kLongestPause = 30s;
  static constexpr Duration kPauseWhileServed = 2min;

  /// Searches for those who provide `root`. Borrows the parts of `context` for its life.
  ContentSession(const Context& context, Cid root, const std::vector<Multiaddr>& providers);
  ~ContentSession() override;
  ContentSession(const ContentSession&) = delete;
  ContentSession& operator=(const ContentSession&) = delete;

  content::Session* operator->() const { return session_.get(); }
  content::Session& operator*() const { return *session_; }
  /// Nobody is named who has the content.
  bool asks_anybody() const { return asks_anybody_; }

 private:
  void connected(net::Connection& connection) override;
  void disconnected(net::Connection&) override {}
  void found(const routing::Found& provider) override;
  Duration searched() override;
  void add_named(const std::vector<Multiaddr>& providers);

  net::Swarm& swarm_;
  const bool asks_anybody_;
  const std::unique_ptr<content::Session> session_;
  Duration pause_ = kFirstPause;
  std::shared_ptr<void> search_;
};

}  // namespace shoal::service
