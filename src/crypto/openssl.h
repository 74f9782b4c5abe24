#pragma once

// For .cpp files of this folder and of net/security/tls: no header but this one includes OpenSSL.

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>

#include "base/bytes.h"
#include "base/error.h"

namespace shoal::crypto {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using BignumOwner = std::unique_ptr<BIGNUM, Freed<BN_clear_free>>;
using CipherContextOwner = std::unique_ptr<EVP_CIPHER_CTX, Freed<EVP_CIPHER_CTX_free>>;
using DigestContextOwner = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using KeyContextOwner = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using KeyOwner = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

/// SHA-256 fetched once: OpenSSL 3 looks an algorithm up by name on every implicit use.
const EVP_MD* sha256_algorithm();

/// For calls that only fail when memory or the library itself does. Leaves OpenSSL's error queue
/// empty, since TLS code elsewhere in the thread reads that queue.
inline void require(bool success, const char* sentence) {
  if (success) return;
  ERR_clear_error();
  throw Error(ErrorCode::failed, sentence);
}

/// Some OpenSSL functions take a null pointer for "measure only", so empty views get an address.
inline const std::uint8_t* address(ByteView bytes) {
  static constexpr std::uint8_t kNothing = 0;
  return bytes.empty() ? &kNothing : bytes.data();
}

}  // namespace shoal::crypto
