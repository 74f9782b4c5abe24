#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/keys.h"
#include "net/swarm/acceptor.h"
#include "net/swarm/buffer_watch.h"
#include "net/swarm/connection.h"
#include "net/swarm/connection_manager.h"
#include "net/swarm/connection_table.h"
#include "net/swarm/connection_trimmer.h"
#include "net/swarm/dial_scheduler.h"
#include "net/swarm/peer_store.h"
#include "net/swarm/protocol_table.h"
#include "net/transport/transport.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::net {

/// Told of connections as they come and go. Called on the event loop, in order; must not wait.
class ConnectionObserver {
 public:
  virtual ~ConnectionObserver() = default;
  virtual void connected(Connection& connection) = 0;
  /// The connection opens no more streams; those that are open throw Error{closed}.
  virtual void disconnected(Connection& connection) = 0;
};

struct OpenOptions {
  /// Not over a relayed connection: dials for a direct one when there is none.
  bool direct_only = false;
  /// What is harmless may be said before the peer has answered: see DialAs::early.
  Replay replay = Replay::harmful;
};

/// All connections of a node: listens, dials, keeps one connection to each peer, and opens streams
/// by protocol.
class Swarm : private Acceptor::Client {
 public:
  /// Borrows `system` for its life. stop() must have returned before it is destroyed.
  Swarm(System& system, PeerId local_peer, ConnectionLimits limits);

  const PeerId& local_peer() const { return local_peer_; }
  ProtocolTable& protocols() { return context_.protocols; }
  PeerStore& peers() { return peers_; }
  const ConnectionTable& connections() const { return connections_; }
  /// What peers did to be sent away, by cause.
  const FailureCounts& failures() const { return context_.failures; }
  /// Unread bytes of all connections, to within Muxer::kReportBytes for each.
  std::size_t buffered_bytes() const { return buffers_.unread_bytes(); }

  void add_transport(std::unique_ptr<Transport> transport);
  /// Borrowed until remove_observer().
  void add_observer(ConnectionObserver& observer) { observers_.push_back(&observer); }
  void remove_observer(ConnectionObserver& observer) { std::erase(observers_, &observer); }

  /// Which peers may be connected, asked before a dial and after each handshake, before any
  /// protocol is served; connections that are there stay. Empty: all may. Must not wait or throw.
  void when_admitting(std::function<bool(const PeerId&)> admits) { admits_ = std::move(admits); }

  /// Throws Error{failed} when the address cannot be had, Error{unsupported} when no transport
  /// takes it.
  void listen(const Multiaddr& address);
  /// An address that others reach us by, though no interface has it. Without /p2p.
  void announce(const Multiaddr& address) { announced_.push_back(address); }
  /// It leads here no more. Once for each announce().
  void withdraw(const Multiaddr& address);
  /// Where others can reach us as far as this host knows: those announced, then those listened on,
  /// where "any" addresses become those of the interfaces, global ones first, loopback last; then
  /// those through relays. Without /p2p.
  std::vector<Multiaddr> listen_addresses() const;

  /// The connection to `peer`, dialling the addresses that the peer store knows when there is none;
  /// those who ask at once share one dial. Throws Error{unreachable} with a reason for every
  /// address, Error{refused} for a peer that is not admitted, and Error{limit} when there is no
  /// place for one more connection.
  Task<ConnectionId> connect(PeerId peer) { return dial(std::move(peer), {}); }
  Task<ConnectionId> dial(PeerId peer, DialOptions options);
  /// A stream to `peer` that speaks one of `protocols`, connecting first if need be.
  Task<ProtocolStream> open(PeerId peer, std::vector<std::string> protocols,
                            OpenOptions options = {});

  /// Null when it has ended; valid until the next wait.
  Connection* find(ConnectionId id) { return connections_.find(id); }
  /// The connection that new streams to `peer` take; null when there is none.
  Connection* best(const PeerId& peer) { return connections_.best(peer); }
  /// Tags, protection and marks: which connections are kept.
  ConnectionManager& manager() { return manager_; }
  const ConnectionManager& manager() const { return manager_; }
  /// While it lives, what `peer` says is what we asked for, and read as it comes.
  IngressLimiter::Solicited solicit(const PeerId& peer) { return context_.ingress.solicit(peer); }
  /// The same for one answer of at most so many bytes, and no further.
  IngressLimiter::Solicited expect(const PeerId& peer, std::size_t bytes) {
    return context_.ingress.expect(peer, bytes);
  }
  bool is_solicited(const PeerId& peer) const { return context_.ingress.is_solicited(peer); }
  void disconnect(const PeerId& peer);
  /// The same for one that does harm: a penalty slows new connections from its IP prefix.
  void disconnect(const PeerId& peer, const std::string& reason);
  /// The peer took or gave blocks: its connection is kept rather than others, its addresses are
  /// remembered for long.
  void note_transfer(const PeerId& peer);
  /// The IP prefix that `peer` is connected from, if any.
  std::optional<IpAddress> ip_prefix_of(const PeerId& peer);

  Task<void> stop();

 private:
  /// The peer may not have answered yet: see DialAs::early.
  Task<ConnectionId> begin_dial(PeerId peer, DialOptions options);
  Task<bool> is_proven(ConnectionId id);
  void adopt_inbound(Link link) override { adopt(std::move(link), Direction::inbound); }
  void out_of_descriptors() override;
  ConnectionId adopt_outbound(Link link);
  ConnectionId adopt(Link link, Direction direction);
  Task<void> run_connection(Connection& connection);
  void forget(Connection& connection);
  Task<void> retire_surplus(ConnectionId id);
  void make_room_for(const Multiaddr& remote, Direction direction);
  /// Throws Error{limit} when a dial would end without a place for its connection.
  void check_room_to_dial(const PeerId& peer) const;
  void check_admitted(const PeerId& peer) const;
  void evict(Connection& connection);
  void disconnect(Connection& connection, const std::string& reason);
  /// Says, now and then, that more files have to be allowed.
  void warn_of_few_descriptors();

  System& system_;
  const PeerId local_peer_;
  const ConnectionLimits limits_;
  ConnectionContext context_;
  PeerStore peers_;
  std::vector<std::unique_ptr<Transport>> transports_;
  ConnectionManager manager_;
  ConnectionTable connections_;
  ConnectionTrimmer trimmer_;
  DialScheduler dials_;
  Acceptor acceptor_;
  BufferWatch buffers_;
  std::vector<Multiaddr> announced_;
  std::vector<ConnectionObserver*> observers_;
  std::function<bool(const PeerId&)> admits_;
  std::optional<TimePoint> warned_of_descriptors_;
  TaskGroup tasks_;
  TaskGroup connection_tasks_;
};

}  // namespace shoal::net
