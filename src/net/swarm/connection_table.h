#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "net/resources/dial_limiter.h"
#include "net/resources/ip_prefix.h"
#include "net/swarm/connection.h"

namespace shoal::net {

/// Bounds on what others can make a node hold.
struct ConnectionLimits {
  std::size_t connections = 1024;
  /// Of these, made by others: whatever they do, we can still dial.
  std::size_t inbound_connections = 768;
  /// Of these, from one IPv4 address or one /64 of IPv6; not from this machine.
  std::size_t inbound_connections_per_prefix = 256;
  std::size_t connections_per_peer = 4;
  /// Connections that have not proved who they are yet. Beyond either number the oldest goes, of
  /// the prefix that has most.
  std::size_t handshakes = 256;
  std::size_t handshakes_per_address = 192;
  Duration handshake_timeout = 15s;
  /// Unread bytes of all connections; the one that holds most is closed beyond it. Windows grow
  /// by half of it, all together.
  std::size_t buffered_bytes = 32 * 1024 * 1024;
  /// What peers may say that nobody asked of them, a second.
  double unsolicited_bytes_per_second = IngressLimiter::kBytesPerSecond;
  /// The process's limit of open files, where it bounds the connections; else 0.
  std::size_t open_files = 0;
  /// Attempts of all dials that are under way at once.
  std::size_t dial_attempts = DialLimiter::kMaxAtOnce;
  /// Below these bounds, how many connections are kept.
  ConnectionMarks marks{};

  /// Descriptors that connections leave to files, the index and whatever else a node opens.
  static constexpr std::size_t kReservedDescriptors = 32;
  /// The same limits for a process that may open so many files.
  ConnectionLimits within(std::size_t open_files) const;
};

/// The connections of a node by id and by peer. Owns them until they are taken out.
class ConnectionTable {
 public:
  /// Borrows all three for its life. `ingress` tells whose data we wait for.
  ConnectionTable(Clock& clock, PeerId local_peer, ConnectionLimits limits,
                  const ConnectionManager& manager, const IngressLimiter& ingress)
      : clock_(clock),
        local_peer_(std::move(local_peer)),
        limits_(limits),
        manager_(manager),
        ingress_(ingress),
        freed_(clock.waits()) {}

  ConnectionId next_id() { return ++last_id_; }

  /// Whether one more of any peer may come in, from there.
  bool has_inbound_room(const Multiaddr& remote) const;
  /// Whether we may make one more.
  bool has_outbound_room() const { return !is_full(); }
  /// The connection that one more from there should take the place of, when there is no room: the
  /// least useful inbound one of the IP prefix that holds most. Null when there is room, or none
  /// can be evicted.
  Connection* eviction_candidate(const Multiaddr& remote) const;
  /// The connection of lowest rank. Never one that is protected or solicited, nor an outbound one
  /// in its grace period.
  Connection* least_useful() const;
  /// Throws Error{limit} when there is no room for one more to this peer or at all.
  void check_room(const PeerId& peer, const Multiaddr& remote, Direction direction) const;
  Connection& add(std::unique_ptr<Connection> connection);
  /// It counts no more against the limits of what others made, and is about to end.
  void give_up_place(const Connection& connection);
  /// Takes out a connection that has ended; frees it as soon as nobody holds one of its streams.
  void retire(ConnectionId id);
  /// Returns when all that were retired have been freed.
  Task<void> wait_until_freed();

  Connection* find(ConnectionId id) const;
  /// The connection that both sides prefer: that of the best path; of two that crossed, that which
  /// the peer with the smaller id dialled; else the newest, since who dials anew has lost the one
  /// before. Null when none is open and to stay so.
  Connection* best(const PeerId& peer) const;
  /// Whether the other side, too, knows of a connection that both prefer to this one.
  bool surplus(const Connection& connection) const;
  /// In order of their ids.
  std::vector<Connection*> of(const PeerId& peer) const;
  std::vector<Connection*> all() const;
  std::size_t size() const { return by_id_.size(); }
  /// Those that count against the limits.
  std::size_t counted() const { return by_id_.size() - without_place_.size(); }
  /// The same as the manager looks at them.
  std::vector<ConnectionManager::Candidate> candidates() const;

 private:
  void free_retired(Connection* connection);
  bool preferred(const Connection& connection) const;
  /// Whether `newer` came so soon after it that their dials may have crossed.
  static bool may_have_crossed(const Connection& connection, const Connection& newer);
  bool is_full() const;
  Connection* least_useful(const std::function<bool(const Connection&)>& may_go) const;
  bool may_evict(const Connection& connection) const;
  void count_inbound(const Connection& connection, bool came);

  ConnectionUse use_of(const Connection& connection) const;

  Clock& clock_;
  const PeerId local_peer_;
  const ConnectionLimits limits_;
  const ConnectionManager& manager_;
  const IngressLimiter& ingress_;
  ConnectionId last_id_ = 0;
  std::map<ConnectionId, std::unique_ptr<Connection>> by_id_;
  std::unordered_map<PeerId, std::vector<Connection*>> by_peer_;
  std::size_t inbound_ = 0;
  std::map<IpAddress, std::size_t> inbound_from_;  // by prefix
  std::set<ConnectionId> without_place_;
  std::vector<std::unique_ptr<Connection>> retired_;
  Event freed_;
};

}  // namespace shoal::net
