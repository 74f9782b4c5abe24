#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <optional>

#include "crypto/keys.h"
#include "format/peer_id.h"
#include "net/transport/quic/limits.h"
#include "net/transport/quic/ngtcp2.h"
#include "system/network.h"
#include "system/time.h"

namespace shoal::quic {

/// What a client keeps of a connection, by which the next one to the same place begins to speak
/// without waiting for an answer (0-RTT; RFC 9001, section 4.6).
struct Ticket {
  Endpoint remote{};
  crypto::PublicKey key;                 // of the peer
  Bytes session{};                       // GnuTLS's, with a secret
  ngtcp2_transport_params parameters{};  // the peer's: what may be sent before it answers
  Duration round_trip{};
};

/// The last ticket of each of the peers that were met lately, in memory alone.
class Tickets {
 public:
  void keep(const PeerId& peer, Ticket ticket, TimePoint now);
  /// Each serves once, so that nobody who watches can tell by it that two connections are of one
  /// client.
  std::optional<Ticket> take(const PeerId& peer, const Endpoint& remote, TimePoint now);
  std::size_t size() const { return by_peer_.size(); }

 private:
  struct Kept {
    PeerId peer;
    Ticket ticket;
    TimePoint since;
  };
  using Order = std::list<Kept>;  // oldest first

  Order order_;
  std::map<PeerId, Order::iterator> by_peer_;
};

}  // namespace shoal::quic
