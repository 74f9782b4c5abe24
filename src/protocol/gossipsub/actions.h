#pragma once

#include <memory>
#include <variant>

#include "base/shared_bytes.h"
#include "format/peer_id.h"
#include "protocol/gossipsub/manifest.h"
#include "protocol/gossipsub/message.h"
#include "protocol/gossipsub/pending.h"
#include "protocol/gossipsub/rpc.h"

namespace shoal::gossipsub {

// What the router asks of its surroundings.

/// No messages in it.
struct SendControl {
  PeerId peer;
  Rpc rpc;
};
struct SendMessage {
  PeerId peer;
  MessagePtr message;
  bool gossip;  // the answer to an IWANT, which is worth less than the mesh's own traffic
};
/// A piece of a large message, as a whole RPC.
struct SendPiece {
  PeerId peer;
  SharedBytes rpc;
};
/// Answer with Router::verified().
struct Verify {
  Ticket ticket;
  MessagePtr message;
  PeerId from;
};
/// Answer with Router::manifest_verified().
struct VerifyManifest {
  ManifestKey key;
  std::shared_ptr<const Manifest> manifest;
};
/// Answer with Router::validated().
struct Validate {
  Ticket ticket;
  MessagePtr message;
  PeerId from;
};
struct Deliver {
  MessagePtr message;
  PeerId from;
};
/// Peer exchange or a direct peer. `signed_record` is only claimed; may be empty.
struct Dial {
  PeerId peer;
  Bytes signed_record;
};
using Action = std::variant<SendControl, SendMessage, SendPiece, Verify, VerifyManifest, Validate,
                            Deliver, Dial>;

}  // namespace shoal::gossipsub
