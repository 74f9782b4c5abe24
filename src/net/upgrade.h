#pragma once

#include <memory>
#include <optional>

#include "crypto/keys.h"
#include "net/handshake_gate.h"
#include "net/limited_stream.h"
#include "net/security/noise/handshake.h"
#include "net/transport/transport.h"
#include "system/system.h"

namespace shoal::net {

/// Makes a bare byte stream between two hosts into a Link: negotiates security, secures, agrees on
/// a muxer (early, inside the handshake, where the other side can). Which protocols are offered is
/// decided here and nowhere else. Callers bound the time.
class Upgrader {
 public:
  /// `bandwidth` is borrowed for the upgrader's life and that of every link it makes.
  Upgrader(System& system, const crypto::PrivateKey& identity, Bandwidth bandwidth);

  /// Error{refused} when somebody else than `peer` answers.
  Task<Link> outbound(std::unique_ptr<Stream> stream, PeerId peer, Multiaddr local,
                      Multiaddr remote);
  Task<Link> inbound(std::unique_ptr<Stream> stream, Multiaddr local, Multiaddr remote);

 private:
  Task<Link> upgrade(std::unique_ptr<Stream> stream, std::optional<PeerId> peer, Multiaddr local,
                     Multiaddr remote);

  System& system_;
  const std::shared_ptr<const noise::StaticKey> noise_key_;
  Bandwidth bandwidth_;
  HandshakeGate gate_;
};

}  // namespace shoal::net
