#pragma once

#include "content/bitswap/bitswap.h"
#include "routing/router.h"
#include "system/system.h"

namespace shoal::content {

/// Finds content among the peers that are connected, by asking each of them.
class ConnectedPeers final : public routing::Router {
 public:
  /// How long answers are waited for.
  static constexpr Duration kAnswerTime = 1s;

  /// Borrows all for its life.
  ConnectedPeers(System& system, Bitswap& bitswap) : system_(system), bitswap_(bitswap) {}

  std::string_view where() const override { return "among connected peers"; }
  Task<void> find_providers(Cid cid, routing::FoundSink sink) override;
  Task<void> find_peer(PeerId, routing::FoundSink) override { co_return; }

 private:
  System& system_;
  Bitswap& bitswap_;
};

}  // namespace shoal::content
