#include "crypto/wipe.h"

#include <openssl/crypto.h>

namespace shoal::crypto {

void wipe(MutableBytes secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
}

}  // namespace shoal::crypto
