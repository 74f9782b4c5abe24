#pragma once

#include <memory>
#include <string>

#include "crypto/keys.h"
#include "format/peer_id.h"
#include "system/network.h"

namespace shoal::net {

/// A connection whose other end has proved who it is.
struct Secured {
  std::unique_ptr<Stream> stream;
  PeerId peer;
  crypto::PublicKey key;
  /// The muxer agreed on during the handshake; empty when it must still be negotiated.
  std::string muxer;
};

enum class Direction { outbound, inbound };

}  // namespace shoal::net
