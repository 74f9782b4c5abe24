#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "format/peer_record.h"
#include "protocol/gossipsub/link.h"
#include "system/offload.h"
#include "system/timeout.h"

namespace shoal::gossipsub {

void Gossipsub::dial(Dial wanted) {
  if (waiting_dials_.size() == kMaxWaitingDials) return;
  waiting_dials_.push_back(std::move(wanted));
  if (dials_ == kMaxDials) return;
  ++dials_;
  tasks_.spawn(run_dials());
}

Task<void> Gossipsub::run_dials() {
  while (!waiting_dials_.empty()) {
    Dial next = std::move(waiting_dials_.front());
    waiting_dials_.pop_front();
    try {
      co_await run_dial(std::move(next));
    } catch (const Error& error) {
      log_debug("a peer that gossipsub was told of is not reached: {}", error.what());
    }
  }
  --dials_;
}

Task<void> Gossipsub::run_dial(Dial wanted) {
  if (swarm_.best(wanted.peer) != nullptr) co_return;
  if (!wanted.signed_record.empty()) {
    const ByteView envelope = wanted.signed_record;
    const PeerRecord record =
        co_await offload(system_.offload, [envelope] { return open_peer_record(envelope); });
    if (record.id != wanted.peer) co_return;
    for (const Multiaddr& address : record.addresses) {
      swarm_.peers().add_address(record.id, address.without_peer(),
                                 net::AddressSource::signed_record, kRecordLifetime);
    }
  }
  co_await within(system_.clock, kDialTimeout, swarm_.connect(wanted.peer),
                  "connecting to " + wanted.peer.to_string());
}

}  // namespace shoal::gossipsub
