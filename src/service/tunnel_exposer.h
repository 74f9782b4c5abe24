#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/swarm/swarm.h"
#include "protocol/tunnel/message.h"
#include "service/tunnel_target.h"
#include "service/tunnel_ticket.h"
#include "system/system.h"

namespace shoal::service {

/// A service that other peers may connect to by its name.
struct ExposedService {
  std::string name;
  TunnelTarget target{};
  /// In place of a target: takes each connection, whose other end is the peer's. Must not wait.
  std::function<void(const PeerId&, std::unique_ptr<Stream>)> handler{};
  /// Peers that may connect.
  std::vector<PeerId> allowed{};
  /// Who has it in a ticket may connect, too. Empty: nobody but those above.
  Bytes secret{};
};

/// What became of one connection through a tunnel, or of an attempt at one.
struct TunnelEvent {
  enum class State : std::uint8_t { open, closed, refused };
  PeerId peer;
  std::string name;
  State state;
  std::uint64_t bytes_in = 0;   // from the peer to the service
  std::uint64_t bytes_out = 0;  // from the service to the peer
  std::string reason{};         // why it was refused, or broke; empty for an orderly end
};

/// Lets peers connect to services of this machine, each of them to what it is allowed to. Serves
/// `/shoal/tunnel/1.0.0` while there is a service.
class TunnelExposer {
 public:
  static constexpr std::size_t kMaxServices = 64;
  /// Connections of one peer, and of all.
  static constexpr std::size_t kMaxConnectionsPerPeer = 1024;
  static constexpr std::size_t kMaxConnections = 4096;
  /// Streams that have not said yet what they want: of one peer, and of all.
  static constexpr std::size_t kMaxUnauthenticatedPerPeer = 256;
  static constexpr std::size_t kMaxUnauthenticated = 1024;
  /// For a stream to say it, and for the service to be connected to.
  static constexpr Duration kOpenTimeout = 10s;
  static constexpr Duration kServiceTimeout = 10s;

  /// Borrows both for its life. stop() must have returned before it is destroyed.
  TunnelExposer(System& system, net::Swarm& swarm);
  ~TunnelExposer();
  TunnelExposer(const TunnelExposer&) = delete;
  TunnelExposer& operator=(const TunnelExposer&) = delete;

  /// Throws Error{usage} for what is no name, {exists}, and {limit}.
  void add(ExposedService service);
  /// Its connections are broken.
  void remove(const std::string& name);
  /// On the event loop; must not wait.
  void when_event(std::function<void(const TunnelEvent&)> callback);

  std::size_t connections() const;
  /// Breaks every connection.
  Task<void> stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace shoal::service
