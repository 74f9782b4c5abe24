#pragma once

#include <optional>
#include <string>

#include "crypto/keys.h"
#include "system/system.h"

namespace shoal::node {

/// The node's key, from `home`/identity.key (the protobuf of libp2p's peer-ids spec, readable by
/// the owner alone); made when absent. Throws Error{io} naming the file when it cannot be read or
/// is damaged: a node never replaces an identity by itself.
crypto::PrivateKey load_identity(System& system, const std::string& home);

/// The same, but makes none.
std::optional<crypto::PrivateKey> find_identity(System& system, const std::string& home);

}  // namespace shoal::node
