#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "net/swarm/swarm.h"
#include "protocol/tunnel/pipe.h"
#include "routing/routing.h"
#include "service/tunnel_datagrams.h"
#include "service/tunnel_heartbeat.h"
#include "service/tunnel_ticket.h"
#include "system/event.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::service {

/// The other end of a tunnel: connections to a port of this machine go to the service that a ticket
/// names. Stays connected to the peer, and connects again when it comes back, wherever it is then.
class TunnelConnector : private net::ConnectionObserver {
 public:
  /// Connections at once; further ones wait until one has ended.
  static constexpr std::size_t kMaxConnections = 1024;
  /// For one attempt to reach the peer and to be let in.
  static constexpr Duration kReachTimeout = 20s;
  static constexpr Duration kSearchTimeout = 10s;
  /// A peer that is reached by a relay may be reached directly a moment later, by hole punching;
  /// what is opened before stays with the relay and its limits.
  static constexpr Duration kPunchPatience = 5s;
  /// What comes while the peer is away waits so long for it.
  static constexpr Duration kAwayPatience = 30s;
  /// Between attempts to reach a peer that is away: doubled after each one.
  static constexpr Duration kFirstPause = 500ms;
  static constexpr Duration kLongestPause = 5s;

  struct Callbacks {
    /// Each time that the peer is there.
    std::function<void(net::Path)> connected = [](net::Path) {};
    /// Each time that it no longer is, or cannot be reached for the first time since.
    std::function<void(const std::string& reason)> lost = [](const std::string&) {};
    /// New connections take another way to it from now on.
    std::function<void(net::Path from, net::Path to)> moved = [](net::Path, net::Path) {};
    /// One local connection could not be carried, or broke.
    std::function<void(const Error&)> failed = [](const Error&) {};
  };

  /// Borrows the first three for its life. stop() must have returned before it is destroyed.
  TunnelConnector(System& system, net::Swarm& swarm, routing::Routing& routing, TunnelTicket ticket,
                  Callbacks callbacks);
  ~TunnelConnector() override;

  /// Reaches the peer, asks whether it lets us in, and stays connected from then on. Throws
  /// Error{unreachable}, and {refused} when it does not.
  Task<void> connect();
  /// Takes connections at `local` from now on, or datagrams where the ticket is for those. Throws
  /// Error{failed} when the port is taken.
  Endpoint listen(Endpoint local);
  /// One connection, to its end. Throws Error, {usage} where the ticket is for datagrams; `local`
  /// is aborted then.
  Task<void> carry(std::unique_ptr<Stream> local);

  std::size_t connections() const { return connections_; }
  const TunnelTicket& ticket() const { return ticket_; }

  Task<void> stop();

 private:
  void connected(net::Connection& connection) override;
  void disconnected(net::Connection& connection) override;
  Task<void> reach();
  Task<void> find_way();
  Task<void> wait_for_direct_way();
  std::optional<net::Path> path_now();
  void tell_if_moved();
  Task<void> ask_whether_allowed();
  Task<void> stay_connected();
  Task<std::string> wait_until_lost();
  Task<void> accept(Listener& listener);
  class Counted;
  Task<void> carry_and_tell(std::unique_ptr<Stream> local, std::unique_ptr<Counted> counted);
  Task<void> carry_counted(std::unique_ptr<Stream> local);
  Task<std::unique_ptr<Stream>> open(bool probe);
  Task<std::unique_ptr<Stream>> open_now(bool probe);
  Task<std::unique_ptr<Stream>> open_when_there();
  Task<void> wait_until_there();
  void note_connected();

  System& system_;
  net::Swarm& swarm_;
  routing::Routing& routing_;
  const TunnelTicket ticket_;
  const Callbacks callbacks_;
  const net::IngressLimiter::Solicited solicited_;
  TunnelHeartbeat heartbeat_;
  tunnel::WindowPool pool_;
  std::list<std::unique_ptr<Listener>> listeners_;
  std::list<DatagramServer> datagrams_;
  bool there_ = false;
  net::Path path_ = net::Path::direct;
  std::size_t connections_ = 0;
  bool opening_ = false;
  Event opened_;
  Event changed_;
  TaskGroup tasks_;
};

}  // namespace shoal::service
