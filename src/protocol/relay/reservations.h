#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "base/ip_address.h"
#include "format/peer_id.h"
#include "protocol/relay/message.h"
#include "system/time.h"

namespace shoal::relay {

/// What a relay does for others. The defaults are those of go-libp2p.
struct ServerLimits {
  std::size_t reservations = 128;
  /// From one IPv4 address or one /64 of IPv6; not from this machine.
  std::size_t reservations_per_prefix = 8;
  Duration reservation_time = 1h;
  /// Of one peer, whichever end it is.
  std::size_t circuits_per_peer = 16;
  std::size_t circuits = 256;
  Limit circuit{.seconds = 120, .bytes = 128 * 1024};
  /// Of all circuits together, so that who relays for strangers keeps the line for itself and for
  /// peers that came directly. Not of circuits without limits.
  double bytes_per_second = 128 * 1024;
  double burst_bytes = 512 * 1024;

  /// For one's own network: circuits may carry whatever they do.
  static ServerLimits unlimited_circuits() { return {.circuit = {}}; }
};

/// Who may be reached through a relay, and the circuits there are. Sans-I/O.
class Reservations {
 public:
  explicit Reservations(ServerLimits limits) : limits_(limits) {}

  const ServerLimits& limits() const { return limits_; }

  /// Makes or renews one. `prefix` is where the peer is connected from. Status::ok, or why not.
  Status reserve(const PeerId& peer, std::optional<IpAddress> prefix, TimePoint now);
  bool has(const PeerId& peer, TimePoint now) const;
  /// The peer is connected no more.
  void forget(const PeerId& peer) { reserved_.erase(peer); }
  std::size_t size() const { return reserved_.size(); }

  /// A place for one circuit while it lives. Must not outlive its Reservations.
  class [[nodiscard]] Circuit {
   public:
    Circuit(Reservations& table, PeerId source, PeerId target);
    ~Circuit();
    Circuit(const Circuit&) = delete;
    Circuit& operator=(const Circuit&) = delete;

   private:
    Reservations& table_;
    const PeerId source_;
    const PeerId target_;
  };
  /// Status::ok when there is a place for a circuit, or why not.
  Status may_connect(const PeerId& source, const PeerId& target, TimePoint now) const;
  std::size_t circuits() const { return circuits_; }

 private:
  struct Entry {
    TimePoint expires;
    std::optional<IpAddress> prefix;
  };

  void drop_expired(TimePoint now);
  std::size_t circuits_of(const PeerId& peer) const;
  void count(const PeerId& peer, bool opened);

  const ServerLimits limits_;
  std::map<PeerId, Entry> reserved_;
  std::map<PeerId, std::size_t> circuits_of_;
  std::size_t circuits_ = 0;
};

}  // namespace shoal::relay
