#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "net/security/noise/handshake.h"
#include "net/security/secured.h"
#include "system/system.h"

namespace shoal::net {

inline constexpr const char* kNoiseProtocol = "/noise";

/// Runs the handshake on a fresh stream and wraps it: libp2p specs, noise. `key` stands for our
/// identity, in as many handshakes as one likes. `muxers` are offered for early negotiation, best
/// first. With `expected`, Error{refused} when another peer proves itself.
/// The caller bounds the time.
Task<Secured> secure_with_noise(System& system, std::shared_ptr<const noise::StaticKey> key,
                                std::unique_ptr<Stream> stream, Direction direction,
                                std::optional<PeerId> expected,
                                std::span<const std::string> muxers);

}  // namespace shoal::net
