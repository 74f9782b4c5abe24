#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "crypto/hash.h"
#include "format/peer_id.h"

namespace shoal::tunnel {

/// Each connection through a tunnel is a stream of its own:
///
///     connector                                 exposer
///     Open{name, proof}            ─────────▶
///                                  ◀─────────   Answer{status}
///     frames (see Flow), both ways, those of the connector before it has the answer
///
/// Open and Answer are protobuf messages, each with its length as a varint before it. A stream
/// whose Answer is not `ok` ends with it.
inline constexpr const char* kProtocol = "/shoal/tunnel/1.0.0";

inline constexpr std::size_t kMaxNameBytes = 63;
inline constexpr std::size_t kProofBytes = 32;
inline constexpr std::size_t kMaxReasonBytes = 256;
/// An Open or Answer, with what later versions may add.
inline constexpr std::size_t kMaxMessageBytes = 1024;

/// A label of a host name (RFC 1123): lower-case letters, digits and hyphens inside, 1 to 63 of
/// them, so that it can stand in http://NAME.localhost.
bool is_name(std::string_view text);

/// What the connector says first.
struct Open {
  std::string name;
  /// HMAC-SHA256 of who talks to whom about what, by the ticket's secret; see prove(). None where
  /// the exposer knows the peer by its id.
  std::optional<crypto::Sha256Digest> proof{};
  /// Asks whether a tunnel would be opened; the stream ends with the answer.
  bool probe = false;
  /// What follows the answer are datagrams (datagrams.h), not frames: each stream is one sender.
  bool datagrams = false;

  Bytes encode() const;
  /// Throws Error{malformed}, {limit}. A name that is_name() refuses is malformed.
  static Open decode(ByteView bytes);
  bool operator==(const Open&) const = default;
};

enum class Status : std::uint8_t {
  ok = 1,
  refused = 2,      // no such name, not on the list, or not the secret: not told apart
  unreachable = 3,  // allowed, but the service behind the tunnel cannot be connected to
  busy = 4,         // allowed, but too many connections are open
};

struct Answer {
  Status status = Status::ok;
  std::string reason{};  // a sentence; at most kMaxReasonBytes of it are sent

  Bytes encode() const;
  /// Throws Error{malformed}, {limit}, and {unsupported} for a status that is none of the above.
  static Answer decode(ByteView bytes);
  bool operator==(const Answer&) const = default;
};

/// Proves that the connector has the secret without telling it. It is of use only between these two
/// peers, whose ids the connection has verified, so nobody who sees it can use it.
crypto::Sha256Digest prove(ByteView secret, const PeerId& exposer, const PeerId& connector,
                           std::string_view name);

}  // namespace shoal::tunnel
