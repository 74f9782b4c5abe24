#include "content/connected_peers.h"

#include <utility>

namespace shoal::content {

Task<void> ConnectedPeers::find_providers(Cid cid, routing::FoundSink sink) {
  const auto found = [&sink](const PeerId& peer) {
    // Where it listens identify has told; the port of an inbound connection is another one.
    sink({.peer = peer, .addresses = {}, .source = routing::Source::connected});
  };
  const std::shared_ptr<void> asking = bitswap_.who_has(std::move(cid), found);
  co_await system_.clock.sleep_for(kAnswerTime);
}

}  // namespace shoal::content
