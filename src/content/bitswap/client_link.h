#pragma once

#include <optional>

#include "content/bitswap/client.h"
#include "content/bitswap/outbound_stream.h"
#include "content/bitswap/wantlist.h"
#include "net/resources/ingress_limiter.h"
#include "system/event.h"

namespace shoal::content::bitswap {

/// What goes to one peer while it is connected.
struct Client::Link {
  Link(System& system, net::Swarm& swarm, const PeerId& peer)
      : id(peer), out(system, swarm, peer), changed(system.waits) {}

  const PeerId id;
  Wantlist wantlist;
  OutboundStream out;
  Event changed;
  net::IngressLimiter::Solicited expected;  // while the peer owes us answers
  std::optional<TimePoint> first_right;     // answer
  bool ended = false;
};

}  // namespace shoal::content::bitswap
