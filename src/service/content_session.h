#pragma once

#include <memory>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "service/context.h"
#include "service/neighbours.h"

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

  /// Whether blocks are exchanged with others who get the same tree: then they come in any order.
  enum class Exchange { none, with_neighbours };

  /// Searches for those who provide `root`. Borrows the parts of `context` for its life.
  ContentSession(const Context& context, Cid root, const std::vector<Multiaddr>& providers,
                 Exchange exchange = Exchange::none);
  ~ContentSession() override;
  ContentSession(const ContentSession&) = delete;
  ContentSession& operator=(const ContentSession&) = delete;

  content::Session* operator->() const { return session_.get(); }
  content::Session& operator*() const { return *session_; }
  /// All of the tree is here.
  void set_whole();
  /// Nobody is named who has the content.
  bool asks_anybody() const { return asks_anybody_; }

 private:
  void connected(net::Connection& connection) override;
  void disconnected(net::Connection&) override {}
  void found(const routing::Found& provider) override;
  Duration searched() override;
  void add_peer(const PeerId& peer);
  void add_named(const std::vector<Multiaddr>& providers);

  net::Swarm& swarm_;
  const bool asks_anybody_;
  const std::unique_ptr<content::Session> session_;
  const std::unique_ptr<Neighbours> neighbours_;  // null for none
  Duration pause_ = kFirstPause;
  std::shared_ptr<void> search_;
};

}  // namespace shoal::service
