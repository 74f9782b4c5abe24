#pragma once

#include <string>
#include <utility>

#include "net/resources/ingress_limiter.h"
#include "protocol/gossipsub/gossipsub.h"
#include "system/event.h"

namespace shoal::gossipsub {

/// What waits for one peer, and the state of the stream that it is written to.
struct Gossipsub::Link {
  Link(System& system, std::string its_protocol)
      : protocol(std::move(its_protocol)), begun_at(system.clock.now()), changed(system.waits) {}

  void end() {
    ended = true;
    changed.notify_all();
  }

  const std::string protocol;
  const TimePoint begun_at;
  Outbox outbox;
  bool ended = false;
  bool writing = false;
  Event changed;
  /// While the peer is in a mesh of ours, what it sends was asked for.
  net::IngressLimiter::Solicited solicited;
};

struct Gossipsub::Topic {
  std::vector<Subscription*> subscribers;  // in order of arrival
  SubscribeOptions options;                // of the one with a validator
  const Subscription* validating = nullptr;
};

}  // namespace shoal::gossipsub
