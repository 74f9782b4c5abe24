#pragma once

#include <memory>
#include <string>

#include "crypto/keys.h"
#include "format/multiaddr.h"
#include "format/peer_id.h"
#include "net/muxer/muxer.h"
#include "net/security/secured.h"

namespace shoal::net {

/// What every transport makes in the end: an authenticated, multiplexed connection.
struct Link {
  PeerId peer;
  crypto::PublicKey key;
  std::unique_ptr<Muxer> muxer;
  Multiaddr local;
  Multiaddr remote;  // without /p2p
  std::string security;
  std::string muxer_protocol;
  /// By a relay that ends it after little time or few bytes.
  bool limited = false;
};

/// A connection that came in and has proved nothing yet.
class Incoming {
 public:
  virtual ~Incoming() = default;
  virtual Multiaddr remote() const = 0;
  /// Authenticates and multiplexes. Throws Error; the caller bounds the time.
  virtual Task<Link> upgrade() = 0;
};

class TransportListener {
 public:
  virtual ~TransportListener() = default;
  /// With the real port; an "any" address stays one. Empty when others reach it by addresses that
  /// come and go, which are announced then.
  virtual Multiaddr address() const = 0;
  virtual Task<std::unique_ptr<Incoming>> accept() = 0;
};

struct DialAs {
  /// Who speaks first in the handshakes: outbound unless both sides dial at once and this one is
  /// to answer.
  Direction role = Direction::outbound;
  /// From the port that is listened on, so that NATs on the way treat it as one with the address
  /// that others know.
  bool from_listening_port = false;
  /// Where the transport knows the peer from before, the connection is given out at once, and what
  /// is said on it goes along with the first packet (0-RTT). It may turn out that nobody is there;
  /// and what is said may be heard twice. See Muxer::proven().
  bool early = false;

  auto operator<=>(const DialAs&) const = default;
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual bool handles(const Multiaddr& address) const = 0;
  /// A connection to `peer` there. Throws Error{unreachable} or {closed} when no connection came
  /// about, {refused} when another peer answers, and {malformed}, {limit} or {unsupported} when the
  /// other side does not speak our protocols. Cancellable; the caller bounds the time.
  virtual Task<Link> dial(Multiaddr address, PeerId peer, DialAs as) = 0;
  virtual std::unique_ptr<TransportListener> listen(const Multiaddr& address) = 0;
  /// To be called once all that it made is gone, before its own end.
  virtual Task<void> stop() { co_return; }
};

}  // namespace shoal::net
