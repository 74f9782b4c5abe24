#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "net/security/secured.h"
#include "net/security/tls/identity.h"
#include "system/system.h"

namespace shoal::net {

inline constexpr const char* kTlsProtocol = "/tls/1.0.0";

/// Runs the handshake on a fresh stream and wraps it: libp2p specs, tls. `identity` stands for us,
/// in as many handshakes as one likes. `muxers` are offered for early negotiation, best first. With
/// `expected`, Error{refused} when another peer proves itself. The caller bounds the time.
///
/// The end of either half is a close_notify: a stream that ends without one throws Error{closed}.
Task<Secured> secure_with_tls(System& system, std::shared_ptr<const tls::Identity> identity,
                              std::unique_ptr<Stream> stream, Direction direction,
                              std::optional<PeerId> expected, std::span<const std::string> muxers);

}  // namespace shoal::net
