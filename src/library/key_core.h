#pragma once

#include <shoal/key.h>

#include <string>
#include <utility>

#include "crypto/keys.h"
#include "format/peer_id.h"

namespace shoal::library {

struct KeyCore {
  explicit KeyCore(crypto::PrivateKey key)
      : secret(std::move(key)), peer_id(PeerId::from_public_key(secret.public_key()).to_string()) {}

  const crypto::PrivateKey secret;  // OpenSSL wipes it
  const std::string peer_id;
};

}  // namespace shoal::library
