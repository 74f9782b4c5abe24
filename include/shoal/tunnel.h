#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <shoal/async.h>
#include <shoal/stream.h>

namespace shoal {

namespace library {
struct TunnelCore;
}

/// What became of one connection to an exposed service, or of an attempt at one.
struct TunnelEvent {
  enum class State { open, closed, refused };
  std::string name;
  std::string peer_id;
  State state = State::open;
  std::uint64_t bytes_in = 0;   // from the peer
  std::uint64_t bytes_out = 0;  // to the peer
  std::string reason = {};      // why it was refused or broke; empty for an orderly end
};

struct ExposeOptions {
  /// Ids of peers that may connect; the ticket then holds no secret. Empty: whoever has the ticket,
  /// which stays the same for a name from run to run of a home.
  std::vector<std::string> allow = {};
  /// Makes a new secret: tickets that were made before are worth nothing.
  bool new_ticket = false;
  /// Called on the node's loop; must not wait. What it throws goes to NodeOptions::on_error.
  std::function<void(const TunnelEvent&)> on_event = {};
};

struct TunnelOptions {
  /// Where programs of this machine connect: "127.0.0.1:8080", or port 0 for a free one. Empty: no
  /// port is opened, connections are made by Tunnel::open().
  std::string listen = {};
  /// Called on the node's loop, each time that the peer is there (true) and is away (false). Must
  /// not wait. What it throws goes to NodeOptions::on_error.
  std::function<void(bool connected, const std::string& reason)> on_change = {};
};

/// A way to a service that another node exposes. Stays connected to that peer, and connects again
/// when it is back, wherever it is then; a peer that does not answer is noticed within 15 s. At
/// most 1024 connections at once; further ones wait.
///
/// Only a handle: dropping it changes nothing. Its functions may be called as those of Node; they
/// throw Error{closed} once the tunnel or the node was stopped.
class Tunnel {
 public:
  explicit Tunnel(std::shared_ptr<library::TunnelCore> core) : core_(std::move(core)) {}

  const std::string& peer_id() const;
  /// What the service is called.
  const std::string& name() const;
  /// "127.0.0.1:43121"; empty when it does not listen.
  const std::string& local() const;

  /// One more connection to the service; Error{usage} where that is a UDP one. Costs no round trip;
  /// that the service does not answer shows at the first read, as Error{closed}.
  Async<PeerStream> open();
  /// Breaks its connections, closes its port. Again: does nothing.
  Async<void> stop();

 private:
  std::shared_ptr<library::TunnelCore> core_;
};

}  // namespace shoal
