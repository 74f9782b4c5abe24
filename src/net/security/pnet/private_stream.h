#pragma once

#include <memory>

#include "net/security/pnet/network_key.h"
#include "system/network.h"
#include "system/random.h"

namespace shoal::net {

/// Hides a fresh stream from everybody without `key`, which is copied (libp2p specs, pnet): each
/// side sends a nonce of 24 bytes and after it nothing but XSalsa20. What is inside must begin with
/// multistream-select's header, so that somebody without the key is known by the first bytes:
/// Error{refused} with a hint. It does not authenticate; the secure channel inside does.
std::unique_ptr<Stream> make_private(Random& random, std::unique_ptr<Stream> stream,
                                     const pnet::NetworkKey& key);

}  // namespace shoal::net
