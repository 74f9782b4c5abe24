#pragma once

#include <functional>

#include "base/bytes.h"

typedef struct ossl_lib_ctx_st OSSL_LIB_CTX;

namespace shoal::crypto {

/// Fills its argument with secret random bytes.
using RandomFill = std::function<void(MutableBytes)>;

/// Where the OpenSSL of given_random_library() draws from on this thread, while the scope lives.
/// Scopes nest. So a simulated node makes the same keys and handshakes from the same seed.
class RandomScope {
 public:
  /// Borrows `fill`.
  explicit RandomScope(const RandomFill& fill);
  ~RandomScope();
  RandomScope(const RandomScope&) = delete;
  RandomScope& operator=(const RandomScope&) = delete;

 private:
  const RandomFill* const before_;
};

/// OpenSSL's algorithms with the randomness of the RandomScope; drawing without one fails. One for
/// the process, never freed.
OSSL_LIB_CTX* given_random_library();

}  // namespace shoal::crypto
