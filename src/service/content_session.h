#pragma once

#include <memory>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "format/multiaddr.h"
#include "net/swarm/swarm.h"

namespace shoal::service {

/// A Bitswap session with the peers that it asks: the providers given or, when there are none,
/// whoever is connected now or connects while it lives.
class ContentSession final : net::ConnectionObserver {
 public:
  /// Borrows the first two for its life.
  ContentSession(net::Swarm& swarm, content::Bitswap& bitswap,
                 const std::vector<Multiaddr>& providers);
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

  net::Swarm& swarm_;
  const bool asks_anybody_;
  const std::unique_ptr<content::Session> session_;
};

}  // namespace shoal::service
