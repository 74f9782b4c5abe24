#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "net/resources/inbound_rate_limiter.h"
#include "net/resources/ip_prefix.h"
#include "net/swarm/connection_table.h"
#include "net/swarm/failure_counts.h"
#include "net/transport/transport.h"
#include "system/event.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::net {

/// Listens, and brings those who connect through their handshakes, within the limits: so many
/// connections from an IP prefix each second, and so many handshakes under way. For one more, the
/// oldest is evicted; a crowd of which each prefix has few, and all are young, is let in in turn.
class Acceptor {
 public:
  /// What one that dials two transports at once has under way.
  static constexpr std::size_t kFewHandshakes = 2;
  /// Younger ones of a prefix that has few are waited for.
  static constexpr Duration kYoungHandshake = 1s;

  class Client {
   public:
    virtual ~Client() = default;
    /// Throws Error when it is not wanted.
    virtual void adopt_inbound(Link link) = 0;
    /// A connection could not be accepted for want of one more descriptor.
    virtual void out_of_descriptors() = 0;
  };

  /// Borrows all for its life.
  Acceptor(System& system, const ConnectionLimits& limits, const ConnectionTable& connections,
           FailureCounts& failures, Client& client);

  /// Throws Error{failed} when the address cannot be had.
  void listen(Transport& transport, const Multiaddr& address);
  /// Where it listens. "Any" addresses, of every transport, become those of the interfaces. Global
  /// ones first, loopback last.
  std::vector<Multiaddr> addresses() const;

  /// A peer did harm: its IP prefix is admitted more slowly.
  void penalise(const Connection& connection);

  /// Closes the listeners, too.
  Task<void> stop();

 private:
  struct Handshake;

  Task<void> accept_from(TransportListener& listener);
  Task<void> upgrade(std::unique_ptr<Incoming> incoming);
  Task<void> shake_hands(std::unique_ptr<Incoming> incoming, Handshake& handshake);
  bool may_begin(const Multiaddr& remote);
  /// Null: there is room for one more.
  Handshake* eviction_candidate(const std::optional<IpAddress>& prefix) const;
  Task<void> make_room_for_handshake(const std::optional<IpAddress>& prefix);
  std::size_t handshakes_from(const std::optional<IpAddress>& prefix) const;

  System& system_;
  const ConnectionLimits& limits_;
  const ConnectionTable& connections_;
  FailureCounts& failures_;
  Client& client_;
  std::vector<std::unique_ptr<TransportListener>> listeners_;
  InboundRateLimiter inbound_rates_;
  std::list<Handshake*> handshakes_;  // oldest first
  std::map<IpAddress, std::size_t> handshakes_from_;
  Event handshake_ended_;
  TaskGroup tasks_;
};

}  // namespace shoal::net
