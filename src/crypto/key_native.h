#pragma once

#include "crypto/keys.h"
#include "crypto/openssl.h"

namespace shoal::crypto {

/// What both halves of a key hold; shared and never changed, so safe from every thread.
struct PublicKey::Native {
  KeyOwner key;
};

}  // namespace shoal::crypto
